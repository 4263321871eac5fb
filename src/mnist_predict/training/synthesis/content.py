"""What people write in a line: numbers alone, and numbers among marks: amounts, dates, times, sums, telephone numbers.

Nothing is drawn here. `Sign` says which symbol comes next, how far from the one before, how large and how high.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

_LENGTHS = np.array([0.24, 0.12, 0.13, 0.14, 0.13, 0.10, 0.06, 0.04, 0.02, 0.02])
_BEFORE = "$$##*==--€~x+"
_BETWEEN = ".,.,.-'/=:"
_AFTER = "---==,.~*#€%x"
_FILLING = "-=~*#$x"  # what amounts are filled up with


class Sign(NamedTuple):
    """One symbol of a line: a digit, or a mark of `bank.MARKS`.

    `space`: extra room before it, in heights of a digit. `size`: its height, in those of a digit. `up`: how far it is
    raised above the line, in heights of a digit. `struck`: with a stroke through it. `printed`: by no hand.
    """

    symbol: str
    space: float = 0.0
    size: float = 1.0
    up: float = 0.0
    struck: bool = False
    printed: bool = False


Line = list[Sign]


def line(rng: np.random.Generator) -> Line:
    """What stands in a line: in half a number with at most some stray marks, else one of the other kinds."""
    if rng.random() < 0.5:
        return _plain(rng)
    kind = int(rng.choice(len(_KINDS), p=_SHARES))
    return _KINDS[kind][0](rng)


def comb(rng: np.random.Generator) -> list[Line]:
    """A number for the boxes of a form, with a digit in each."""
    space = float(rng.uniform(0, 0.9))
    return [[Sign(digit, max(0.0, space + float(rng.normal(0, 0.1))))] for digit in number(rng)]


def columns(rng: np.random.Generator) -> list[Line]:
    """Two or three numbers of several digits side by side, as in a row of a table."""
    space = float(rng.uniform(0.2, 1.6))
    count = int(rng.integers(2, 4))
    return [_row(_digits(rng, int(rng.integers(2, 5))), space * float(rng.uniform(0.6, 1.4))) for _ in range(count)]


def number(rng: np.random.Generator) -> str:
    """The digits of a number of one to ten digits; sums are often round, and 11 must be told from lines of a form."""
    digits = _digits(rng, 1 + int(rng.choice(len(_LENGTHS), p=_LENGTHS)))
    kind = rng.random()
    if kind < 0.05:
        return "".join("1" if rng.random() < 0.8 else digit for digit in digits[:5])
    if kind > 0.8:  # a 1 among others must be told from a slash or a bracket
        return "".join("1" if rng.random() < 0.3 else digit for digit in digits)
    if kind < 0.2 and len(digits) > 1:
        return digits[: max(1, len(digits) - int(rng.integers(1, 4)))].ljust(len(digits), "0")
    return digits


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(map(str, rng.integers(0, 10, count)))


def _short(rng: np.random.Generator, most: int = 4) -> str:
    return _digits(rng, int(rng.integers(1, most + 1)))


def _row(text: str, space: float = 0.0) -> Line:
    """The symbols of a text side by side; a blank in it is a gap as between words."""
    signs: Line = []
    for symbol in text:
        if symbol == " ":
            space += 0.5
        else:
            signs.append(Sign(symbol, space))
            space = 0.0
    return signs


def _plain(rng: np.random.Generator) -> Line:
    """A number; two in five have marks before, between or behind its digits, one in sixteen has cents raised."""
    digits = number(rng)
    signs = _row(digits)
    if len(digits) > 2 and rng.random() < 0.06:
        small, up = rng.uniform(0.5, 0.8), rng.uniform(0.7, 1.2)
        signs[-2:] = [Sign(sign.symbol, size=small, up=(1 - small) * up) for sign in signs[-2:]]
    if rng.random() >= 0.4:
        return signs
    out: Line = []
    if rng.random() < 0.4:
        out += _filling(_BEFORE, rng)
    for at, sign in enumerate(signs):
        if at and rng.random() < 0.25:
            out.append(_mark(_BETWEEN[int(rng.integers(len(_BETWEEN)))], rng))
        out.append(sign)
    if rng.random() < 0.4:
        out += _filling(_AFTER, rng)
    return out


def _filling(among: str, rng: np.random.Generator) -> Line:
    mark = among[int(rng.integers(len(among)))]
    count = int(rng.choice((1, 1, 2, 3))) if mark in _FILLING else 1
    return [_mark(mark, rng)] * count


def _mark(symbol: str, rng: np.random.Generator) -> Sign:
    """A mark somewhere near its place: points stand high now and then, signs are smaller than digits or as large."""
    if symbol in ".,":
        up = 0.0 if rng.random() < 0.75 else float(rng.uniform(0.1, 0.6))
        return Sign(symbol, _gap(rng), 1.0, up)
    low, high = (0.5, 1.15) if symbol in "-=+x:*~" else (0.95, 1.3) if symbol in "/()" else (0.8, 1.25)
    size = float(rng.uniform(low, high))  # what could be a 1 reaches further than one
    return Sign(symbol, _gap(rng), size, (1 - size) / 2 + float(rng.normal(0, 0.05)))


def _gap(rng: np.random.Generator) -> float:
    return max(0.0, float(rng.normal(0.08, 0.12)))


def _marked(text: str, rng: np.random.Generator) -> Line:
    """The symbols of a text, with marks as `_mark` places them and the same gap on both sides of a mark."""
    wide = _gap(rng) if rng.random() < 0.7 else float(rng.uniform(0.1, 0.7))
    signs: Line = []
    after = 0.0
    for sign in _row(text):
        if sign.symbol.isdecimal():
            signs.append(sign._replace(space=sign.space + after))
            after = 0.0
        else:
            mark = _mark(sign.symbol, rng)
            after = wide if sign.symbol not in ".,:" else mark.space / 2
            signs.append(mark._replace(space=sign.space + after))
    return signs


def _decimal(rng: np.random.Generator) -> Line:
    """3.65, 12,50, 1.250,00, -7.5: a point or a comma low, half way up or high, tight or wide."""
    point = ".,"[int(rng.integers(2))]
    whole, cents = _short(rng, 5), _digits(rng, int(rng.choice((1, 2, 2, 2, 3))))
    if len(whole) > 3 and rng.random() < 0.5:
        whole = f"{whole[:-3]}{'.' if point == ',' else ','}{whole[-3:]}"
    sign = "-" if rng.random() < 0.15 else ""
    if rng.random() < 0.25:
        small, up = rng.uniform(0.5, 0.8), float(rng.uniform(0.7, 1.2))
        raised = [Sign(digit, size=small, up=(1 - small) * up) for digit in cents]
        return [*_marked(sign + whole + point, rng), *raised]
    return _marked(f"{sign}{whole}{point}{cents}", rng)


def _grouped(rng: np.random.Generator) -> Line:
    """23.418, 1,250,000, 23 418, 18 61 49: groups of digits."""
    if rng.random() < 0.5:
        parting = ".,"[int(rng.integers(2))]
        groups = [_short(rng, 3), *(_digits(rng, 3) for _ in range(int(rng.integers(1, 3))))]
        return _marked(parting.join(groups), rng)
    size = int(rng.integers(1, 5))
    groups = [_digits(rng, size) for _ in range(int(rng.integers(2, 4)))]
    space = float(rng.uniform(0.3, 2.0))
    signs: Line = []
    for at, group in enumerate(groups):
        signs += _row(group, space if at else 0.0)
    return signs


def _negative(rng: np.random.Generator) -> Line:
    return _marked("-" + _short(rng, 5), rng)


def _fraction(rng: np.random.Generator) -> Line:
    """47/20, 88/100, 3/4: marks of exams, shares; what they are out of is often printed."""
    below = ("20", "100", "10", "50", "30", _short(rng, 3))[int(rng.integers(6))]
    if rng.random() < 0.6:
        return _marked(f"{_short(rng, 3)}/{below}", rng)
    size, (first, *rest) = float(rng.uniform(0.45, 1.1)), _marked(f"/{below}", rng)
    printed = [first._replace(space=float(rng.uniform(0.1, 1.5))), *rest]
    return [*_row(_short(rng, 3)), *(sign._replace(size=sign.size * size, printed=True) for sign in printed)]


def _date(rng: np.random.Generator) -> Line:
    day, month, year = int(rng.integers(1, 32)), int(rng.integers(1, 13)), int(rng.integers(1950, 2050))
    padded = rng.random() < 0.6
    d, m = (f"{day:02}", f"{month:02}") if padded else (str(day), str(month))
    y = str(year) if rng.random() < 0.6 else f"{year % 100:02}"
    parting = "./-/.-/"[int(rng.integers(7))]
    if rng.random() < 0.2:
        return _marked(parting.join((str(year), f"{month:02}", f"{day:02}")), rng)
    return _marked(parting.join((d, m, y) if rng.random() < 0.8 else (m, d, y)), rng)


def _time(rng: np.random.Generator) -> Line:
    hour, minute = int(rng.integers(0, 24)), int(rng.integers(0, 60))
    text = f"{hour:02}:{minute:02}" if rng.random() < 0.7 else f"{_short(rng, 3)}:{_short(rng, 3)}"
    return _marked(text, rng)


def _telephone(rng: np.random.Generator) -> Line:
    """(030) 694 123, +49 30 1234, 176-265-339, 030/12345."""
    kind = rng.random()
    if kind < 0.4:
        return _marked(f"({_digits(rng, int(rng.integers(2, 5)))}) {_digits(rng, int(rng.integers(3, 7)))}", rng)
    if kind < 0.6:
        return _marked(f"+{_digits(rng, 2)} {_digits(rng, int(rng.integers(3, 8)))}", rng)
    parting = "-/- "[int(rng.integers(4))]
    return _marked(parting.join(_digits(rng, int(rng.integers(2, 5))) for _ in range(int(rng.integers(2, 4)))), rng)


def _listed(rng: np.random.Generator) -> Line:
    """4) 71, (3), 7. 120, #12, 270: 82: what is numbered; its number is often printed."""
    item, value = _short(rng, 3), _short(rng, 5)
    if rng.random() < 0.5:
        forms = (f"({value})", f"#{value}", f"{value})")
        return _marked(forms[int(rng.integers(len(forms)))], rng)
    before = _marked(f"{item}{').:'[int(rng.integers(3))]}", rng)
    if rng.random() < 0.5:
        size = float(rng.uniform(0.6, 1.1))
        before = [sign._replace(size=sign.size * size, printed=True) for sign in before]
    return [*before, *_row(value, float(rng.uniform(0.1, 1.5)))]


def _sum(rng: np.random.Generator) -> Line:
    """12+5=17, 3x4, 60=22, 13-71."""
    left, right, result = (_short(rng, 3) for _ in range(3))
    sign = "+-x=/:+-x="[int(rng.integers(10))]
    spaced = " " if rng.random() < 0.4 else ""
    text = f"{left}{spaced}{sign}{spaced}{right}"
    if sign != "=" and rng.random() < 0.5:
        text += f"{spaced}={spaced}{result}"
    kind = rng.random()
    if kind < 0.1:
        text = f"={spaced}{result}"
    elif kind < 0.2:
        text = f"{left}{spaced}{sign}{spaced}{right}="
    return _marked(text, rng)


def _money(rng: np.random.Generator) -> Line:
    """$12.50, 12 €, 45 %, x84."""
    value = _short(rng, 4) if rng.random() < 0.5 else f"{_short(rng, 3)}{'.,'[int(rng.integers(2))]}{_digits(rng, 2)}"
    gap = " " if rng.random() < 0.2 else ""
    before, after = ("$€$#x*=", "") if rng.random() < 0.5 else ("", "€%%$*-x=")
    if before:
        return _marked(before[int(rng.integers(len(before)))] + gap + value, rng)
    return _marked(value + gap + after[int(rng.integers(len(after)))], rng)


def _starred(rng: np.random.Generator) -> Line:
    """*42*, -42-, =42=: amounts that nobody shall add to."""
    mark = "*-=~#x"[int(rng.integers(6))]
    return _marked(f"{mark}{_short(rng, 5)}{mark}", rng)


def _corrected(rng: np.random.Generator) -> Line:
    """A number struck out, most often with another beside it."""
    wrong = [sign._replace(struck=True) for sign in _row(_short(rng, 5))]
    kind = rng.random()
    if kind < 0.2:
        return wrong
    right = _row(_short(rng, 5), float(rng.uniform(0.2, 1.2)))
    if kind < 0.9:
        return wrong + right
    return [*right, wrong[0]._replace(space=float(rng.uniform(0.2, 1.2))), *wrong[1:]]


_KINDS: Sequence[tuple[Callable[[np.random.Generator], Line], float]] = (
    (_decimal, 6),
    (_grouped, 4),
    (_negative, 2),
    (_fraction, 3),
    (_date, 6),
    (_time, 2),
    (_telephone, 3),
    (_listed, 3),
    (_sum, 6),
    (_money, 4),
    (_starred, 1),
    (_corrected, 7),
)
_SHARES = np.array([share for _, share in _KINDS]) / sum(share for _, share in _KINDS)
