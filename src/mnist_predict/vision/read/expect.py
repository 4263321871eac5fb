"""What number is expected, said in a few words, as an automaton that `ctc` reads along.

    4 digits      1-3 digits        so many digits
    0..100                          a range; written without zeros in front, unless so many digits are said too
    12,15,20                        one of these, just as written
    2 decimals, a date, n/20        written with a point or comma, as a date, as a share of so many
    /[0-4]\\d{2}/                    a regular expression; see `pattern`; without `.`, the strokes may be left out
    luhn                            the last digit checks the others: ISO/IEC 7812-1, annex B (payment cards)
    mod 11                          weights 1, 2, 3, ... from the right: ISBN-10 (ISO 2108), the Dutch elfproef
    mod 11-2, mod 97                the check systems of ISO 7064; mod 97 (97-10) is that of IBAN (ISO 13616)

Several of them hold together: `8 digits luhn`. The check X that stands for ten is no digit and is not read.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_predict.errors import BadRequest
from mnist_predict.typed import MOST_DIGITS
from mnist_predict.vision.read.alphabet import DIGITS, INDEX, MARKS
from mnist_predict.vision.read.pattern import Pattern, Work

LONGEST = 2000  # characters that say what is expected
MOST_STATES = 3000
MOST_RULES = 8
FORMS = (
    'Say what is expected as "4 digits", "1-3 digits", "0..100", "12,15,20", "2 decimals", "a date", "n/20", a '
    "regular expression such as "
    '"/[0-4]\\d{2}/", "luhn", "mod 11" or "mod 97", or several of them.'
)

State = Any  # hashable


class Rule(NamedTuple):
    """One thing that is expected: the state before the first digit, the one after a digit (None: no such number).

    `marks`: what it expects beside digits; of these it is told by their index in `alphabet.SYMBOLS`, as of digits.
    """

    start: State
    step: Callable[[State, int], State | None]
    accepts: Callable[[State], bool]
    marks: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A deterministic automaton over `symbols`, digits and what marks are expected, that starts in state 0.

    `step`: (states, symbols) int32; `accepting`: (states,) bool; the last state is the one that nothing leads out of.
    """

    text: str
    symbols: str
    step: npt.NDArray[np.int32]
    accepting: npt.NDArray[np.bool_]

    def fits(self, number: str) -> bool:
        """Whether that number is one of those expected, its marks as they are written."""
        state = 0
        for symbol in number:
            state = self.step[state, self.symbols.index(symbol)]
        return bool(self.accepting[state])


def expectation(text: str) -> Expectation:
    """What these words expect; raises `BadRequest` where they are not understood or no number fits."""
    found = _understood(text.strip())
    if isinstance(found, str):
        raise BadRequest(found)
    return found


@lru_cache(maxsize=64)
def _understood(text: str) -> Expectation | str:
    """What these words expect; or why that cannot be, which costs as much to find out."""
    try:
        return _expectation(text)
    except BadRequest as error:
        return str(error)


def _expectation(text: str) -> Expectation:
    if len(text) > LONGEST:
        raise BadRequest(f"What is expected may take {LONGEST} characters at most.")
    parts, at = [], 0
    while at < len(text):
        parts.append(_part(text, at))
        at = _between(text, parts[-1][1].end())
        if len(parts) > MOST_RULES:
            raise BadRequest(f"At most {MOST_RULES} things may be expected at once.")
    if not parts:
        raise BadRequest(FORMS)
    padded = any(make is _count for make, _ in parts)
    work = Work()
    rules = [make(match, _Said(padded, work)) for make, match in parts]
    return _automaton(text, [Rule(0, lambda state, digit: 1, bool), *rules], work)


def _between(text: str, at: int) -> int:
    match = _BETWEEN.match(text, at)
    return match.end() if match else at


def _part(text: str, at: int) -> tuple["_Maker", re.Match[str]]:
    for pattern, make in _FORMS:
        match = pattern.match(text, at)
        if match:
            return make, match
    raise BadRequest(f"{text[at : at + 40]!r} is not understood. {FORMS}")


class _Said(NamedTuple):
    """What is said beside a rule: whether a number of digits is; what all rules may take together."""

    padded: bool
    work: Work


_Maker = Callable[[re.Match[str], _Said], Rule]


def _count(words: re.Match[str], said: _Said) -> Rule:
    least, most = int(words[1]), int(words[2] or words[1])
    if not 1 <= least <= most <= MOST_DIGITS:
        raise BadRequest(f"{words[0]!r}: say from how many to how many digits, from 1 to {MOST_DIGITS}.")
    return Rule(0, lambda n, digit: n + 1 if n < most else None, lambda n: bool(n >= least))


def _range(words: re.Match[str], said: _Said) -> Rule:
    """A state is: how many digits from the first that is not 0; how they compare with the beginnings of the lowest
    and of the highest number (-1, 0, 1); whether zeros came before them."""
    low, high = words[1].lstrip("0"), words[2].lstrip("0")
    if len(high) > MOST_DIGITS:
        raise BadRequest(f"A range may have numbers of at most {MOST_DIGITS} digits.")
    if int(low or "0") > int(high or "0"):
        raise BadRequest(f"{words[0]!r} has its ends the wrong way round.")

    def step(state: State, digit: int) -> State | None:
        n, lower, higher, zeros = state
        if n == 0 and zeros and not said.padded:
            return None
        if n == 0 and digit == 0:
            return 0, 0, 0, True
        if n == len(high):
            return None
        if lower == 0 and n < len(low):
            lower = _compared(digit, int(low[n]))
        if higher == 0:
            higher = _compared(digit, int(high[n]))
        return n + 1, lower, higher, zeros

    def accepts(state: State) -> bool:
        n, lower, higher, _ = state
        fits: bool = (n > len(low) or (n == len(low) and lower >= 0)) and (n < len(high) or higher <= 0)
        return fits

    return Rule((0, 0, 0, False), step, accepts)


def _compared(one: int, other: int) -> int:
    return (one > other) - (one < other)


def _values(words: re.Match[str], said: _Said) -> Rule:
    values = set(re.findall(r"\d+", words[0]))
    if max(map(len, values)) > MOST_DIGITS:
        raise BadRequest(f"A number has at most {MOST_DIGITS} digits.")
    beginnings = {value[:n] for value in values for n in range(len(value) + 1)}

    def step(state: State, digit: int) -> State | None:
        longer = f"{state}{digit}"
        return longer if longer in beginnings else None

    return Rule("", step, values.__contains__)


def _luhn(words: re.Match[str], said: _Said) -> Rule:
    """A state is the sums modulo 10 if the last digit is to be taken as it is, and if it is to be doubled."""

    def step(state: State, digit: int) -> State:
        n, plain, doubled = state
        return min(n + 1, 2), (doubled + digit) % 10, (plain + 2 * digit - 9 * (digit > 4)) % 10

    return Rule((0, 0, 0), step, lambda state: state[0] == 2 and state[1] == 0)


def _mod_11(words: re.Match[str], said: _Said) -> Rule:
    """A state is the sum and the weighted sum modulo 11: each further digit adds one to the weights before it."""

    def step(state: State, digit: int) -> State:
        n, plain, weighted = state
        plain = (plain + digit) % 11
        return min(n + 1, 2), plain, (weighted + plain) % 11

    return Rule((0, 0, 0), step, lambda state: state[0] == 2 and state[2] == 0)


def _pure(modulus: int, radix: int, checks: int) -> _Maker:
    """A pure system of ISO 7064: the digits as a number of that radix leave the remainder 1."""

    def step(state: State, digit: int) -> State:
        n, rest = state
        return min(n + 1, checks + 1), (radix * rest + digit) % modulus

    return lambda words, said: Rule((0, 0), step, lambda state: state == (checks + 1, 1))


def _follows(pattern: Pattern) -> Rule:
    return Rule(pattern.start, pattern.step, pattern.accepts, pattern.marks)


def _strokes(words: re.Match[str], said: _Said) -> Rule:
    return _follows(Pattern(words[1], said.work))


def _written(expression: Callable[[re.Match[str]], str]) -> _Maker:
    return lambda words, said: _follows(Pattern(expression(words), said.work))


def _bare(words: re.Match[str], said: _Said) -> Rule:
    try:
        pattern = Pattern(words[0], said.work)
    except BadRequest as error:
        rest = words.string[words.start() :]
        raise BadRequest(f"{rest[:40]!r} is not understood. {FORMS}") from error
    if pattern.marks:  # 1-3 could be a range
        raise BadRequest(f"{words[0]!r} is not understood. {FORMS}")
    return _follows(pattern)


_PARTING = r"(\.|/|-)"
_DAY, _MONTH = "(0?[1-9]|[12][0-9]|3[01])", "(0?[1-9]|1[0-2])"
_DATE = "|".join(
    _PARTING.join(parts)
    for parts in ((_DAY, _MONTH, r"(\d\d|\d{4})"), (_MONTH, _DAY, r"(\d\d|\d{4})"), (r"\d{4}", _MONTH, _DAY))
)
_BETWEEN = re.compile(r"[\s,;]*(?:(?:and|with)\b[\s,;]*)?", re.IGNORECASE)
_FORMS: tuple[tuple[re.Pattern[str], _Maker], ...] = (
    (re.compile(r"(\d{1,9})(?:\s*(?:-|to)\s*(\d{1,9}))?[\s-]*digits?\b", re.ASCII | re.IGNORECASE), _count),
    (
        re.compile(r"([1-9]\d?)\s*decimals?\b", re.ASCII | re.IGNORECASE),
        _written(lambda words: rf"-?\d+(\.|,)\d{{{words[1]}}}"),
    ),
    (re.compile(r"(?:a\s+)?date\b", re.IGNORECASE), _written(lambda words: _DATE)),
    (re.compile(r"n\s*/\s*(\d{1,9})(?![^\s,;])", re.ASCII | re.IGNORECASE), _written(lambda words: rf"\d+/{words[1]}")),
    (re.compile(r"(\d+)\s*\.\.\s*(\d+)(?![^\s,;])", re.ASCII), _range),
    (re.compile(r"\d+(?:\s*,\s*\d+)*(?![^\s,;])", re.ASCII), _values),
    (re.compile(r"luhn\b", re.IGNORECASE), _luhn),
    (re.compile(r"mod\s*11-2(?![^\s,;])", re.IGNORECASE), _pure(11, 2, 1)),
    (re.compile(r"mod\s*11(?![^\s,;])", re.IGNORECASE), _mod_11),
    (re.compile(r"mod\s*97(?:-10)?(?![^\s,;])", re.IGNORECASE), _pure(97, 10, 2)),
    (re.compile(r"/(.+?)/(?![^\s,;])"), _strokes),
    (re.compile(r"[^\s,;.][^\s.]*(?!\S)"), _bare),
)


def _automaton(text: str, rules: list[Rule], work: Work) -> Expectation:
    """All rules together, state by state from the start; without the states from which no number can be reached."""
    symbols = DIGITS + "".join(mark for mark in MARKS if any(mark in rule.marks for rule in rules))
    numbers: dict[tuple[State, ...], int] = {tuple(rule.start for rule in rules): 0}
    steps: list[list[int]] = []
    accepting: list[bool] = []
    for state in (waiting := list(numbers)):
        if len(numbers) > MOST_STATES:
            raise BadRequest(f"{text[:60]!r} is too much to expect at once. Say less, or how many digits there are.")
        work.spend(10 * len(rules))
        accepting.append(all(rule.accepts(one) for rule, one in zip(rules, state, strict=True)))
        row = []
        for symbol in symbols:
            index = INDEX[symbol]
            both = zip(rules, state, strict=True)  # what speaks of digits alone passes over marks
            after = tuple(rule.step(one, index) if index < 10 or rule.marks else one for rule, one in both)
            if None in after:
                row.append(-1)
                continue
            if after not in numbers:
                numbers[after] = len(numbers)
                waiting.append(after)
            row.append(numbers[after])
        steps.append(row)
    step, ends = np.array(steps, np.int32), np.array(accepting)
    alive = ends
    while not np.array_equal(alive, wider := alive | (alive[step] & (step >= 0)).any(axis=1)):
        alive = wider
    if not alive[0]:
        raise BadRequest(f"No number fits {text[:60]!r}.")
    renumbered = np.where(alive, np.cumsum(alive) - 1, alive.sum())  # what leads nowhere is the last state
    step = np.where(step >= 0, renumbered[step], alive.sum())[alive]
    step = np.vstack([step, np.full((1, len(symbols)), alive.sum())]).astype(np.int32)
    return Expectation(text, symbols, step, np.append(ends[alive], False))
