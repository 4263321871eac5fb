"""A regular expression over digits and marks, as a rule that `expect` follows symbol by symbol.

Understood are digits, `.`, `\\d`, sets such as `[0-47]` and `[^09]`, the marks `, - / = : % #` and `\\.`, groups, `|`,
`?`, `*`, `+`, `{2}`, `{2,}` and `{2,4}`; the whole number must match. The states are sets of places in the
expression (V. M. Glushkov, Russian Mathematical Surveys 16(5), 1961), each set one integer, so that no text makes it
slow.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mnist_predict.errors import BadRequest
from mnist_predict.vision.read.alphabet import INDEX, SYMBOLS

MOST_PLACES = 400  # digits that the expression may name once all repetitions are written out
MOST_WORK = 80_000  # steps to write them out and to follow them, about a microsecond each
_PART = 6  # steps that a part of an expression takes
DEEPEST = 40  # groups within groups

_REPEAT = re.compile(r"[?*+]|\{(\d{1,3})\}|\{(\d{1,3}),(\d{1,3})?\}")
_SET = re.compile(r"\[(\^?)((?:\d-\d|\d|\\d)+)\]", re.ASCII)
_ALL = frozenset(range(10))
_LITERALS = {"\\.": ".", **{mark: mark for mark in ",-/=:%#"}}  # how marks are named


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the expression: one of `digits` (or marks, as indices of `alphabet.SYMBOLS`), or its `parts` in a row,
    or one of them; `least` to `most` times (None: any number of times)."""

    digits: frozenset[int] = frozenset()
    parts: tuple["_Part", ...] = ()
    one_of: bool = False
    least: int = 1
    most: int | None = 1


@dataclass(frozen=True, slots=True)
class _Ends:
    """Which places a part may begin and end with (sets as the bits of an integer), and whether it may be empty."""

    empty: bool
    first: int
    last: int


class Work:
    """What several rules together may take."""

    def __init__(self) -> None:
        self.left = MOST_WORK

    def spend(self, steps: int) -> None:
        """Raises `BadRequest` where no more is left."""
        self.left -= steps
        if self.left < 0:
            raise BadRequest("This is too much to expect at once. Say less, or how many digits there are.")


@dataclass(slots=True)
class Pattern:
    """The expression's places. A state is the set of places where the digits so far may end; bit 0: no digit yet.

    Raises `BadRequest` for what is not understood or takes more than `work`.
    """

    text: str
    work: Work
    marks: str = ""  # those that it names
    start: int = 1
    _at: int = 0
    _next: list[int] = field(default_factory=lambda: [0])
    _ends: int = 0
    _of: list[int] = field(default_factory=lambda: [0] * len(SYMBOLS))
    _after: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        text = self.text.removeprefix("^").removesuffix("$")
        self.text = text
        part = self._choice(0)
        if self._at < len(text):
            raise self._wrong()
        ends = self._lay_out(part)
        self._next[0] = ends.first
        self._ends = ends.last | (1 if ends.empty else 0)

    def step(self, state: int, digit: int) -> int | None:
        """The state after one more digit, None where no such number matches."""
        if self._after[0] != state:  # all digits are asked of a state in turn
            after = 0
            for place in self._places(state):
                after |= self._next[place]
            self._after = state, after
        return self._after[1] & self._of[digit] or None

    def accepts(self, state: int) -> bool:
        """Whether the digits so far match."""
        return bool(state & self._ends)

    def _choice(self, depth: int) -> _Part:
        if depth > DEEPEST:
            raise BadRequest("The regular expression has too many groups within groups.")
        options = [self._row(depth)]
        while self.text.startswith("|", self._at):
            self._at += 1
            options.append(self._row(depth))
        return options[0] if len(options) == 1 else _Part(parts=tuple(options), one_of=True)

    def _row(self, depth: int) -> _Part:
        parts = []
        while self._at < len(self.text) and self.text[self._at] not in "|)":
            part = self._one(depth)
            repeat = _REPEAT.match(self.text, self._at)
            if repeat:
                self._at = repeat.end()
                least, most = _times(repeat)
                part = _Part(parts=(part,), least=least, most=most)
            parts.append(part)
        return _Part(parts=tuple(parts))

    def _one(self, depth: int) -> _Part:
        """A digit, a set of digits or a group."""
        text, at = self.text, self._at
        if text[at] == "(":
            self._at += 3 if text.startswith("(?:", at) else 1
            part = self._choice(depth + 1)
            if not text.startswith(")", self._at):
                raise self._wrong()
            self._at += 1
            return part
        some = _SET.match(text, at)
        if some:
            self._at = some.end()
            return _Part(digits=_digits_of(some[2]) if not some[1] else _ALL - _digits_of(some[2]))
        for name, mark in _LITERALS.items():
            if text.startswith(name, at):
                self._at += len(name)
                self.marks += mark
                return _Part(digits=frozenset({INDEX[mark]}))
        for sign, digits in (("\\d", _ALL), (".", _ALL), *((str(d), frozenset({d})) for d in range(10))):
            if text.startswith(sign, at):
                self._at += len(sign)
                return _Part(digits=digits)
        raise self._wrong()

    def _lay_out(self, part: _Part) -> _Ends:
        """Give a part its places, each of its repetitions anew."""
        self.work.spend(_PART)
        if part.digits:
            place = len(self._next)
            if place > MOST_PLACES:
                raise BadRequest(f"The regular expression stands for more than {MOST_PLACES} digits.")
            self._next.append(0)
            for digit in part.digits:
                self._of[digit] |= 1 << place
            return _Ends(False, 1 << place, 1 << place)
        row = [self._once(part) for _ in range(part.least)]
        if part.most is None:
            again = self._once(part)
            self._link(again.last, again.first)
            row.append(_Ends(True, again.first, again.last))
        else:
            for _ in range(part.least, part.most):
                once = self._once(part)
                row.append(_Ends(True, once.first, once.last))
        return self._in_a_row(row)

    def _once(self, part: _Part) -> _Ends:
        self.work.spend(_PART)
        ends = [self._lay_out(each) for each in part.parts]
        if not part.one_of:
            return self._in_a_row(ends)
        return _Ends(any(e.empty for e in ends), _union([e.first for e in ends]), _union([e.last for e in ends]))

    def _in_a_row(self, row: Sequence[_Ends]) -> _Ends:
        whole = _Ends(True, 0, 0)
        for ends in row:
            self._link(whole.last, ends.first)
            whole = _Ends(
                whole.empty and ends.empty,
                whole.first | (ends.first if whole.empty else 0),
                ends.last | (whole.last if ends.empty else 0),
            )
        return whole

    def _link(self, last: int, first: int) -> None:
        for place in self._places(last):
            self._next[place] |= first

    def _places(self, places: int) -> Iterator[int]:
        """The places of a set."""
        self.work.spend(places.bit_count())
        while places:
            one = places & -places
            yield one.bit_length() - 1
            places ^= one

    def _wrong(self) -> BadRequest:
        rest = self.text[self._at :]
        where = f"at {rest[:20]!r}" if rest else "at its end"
        return BadRequest(
            f"The regular expression {self.text!r} is not understood {where}: it may only speak of digits and the "
            "marks , - / = : % # and \\. (a point)."
        )


def _times(repeat: re.Match[str]) -> tuple[int, int | None]:
    if repeat[0] in "?*+":
        return (1 if repeat[0] == "+" else 0), (1 if repeat[0] == "?" else None)
    if repeat[1]:
        return int(repeat[1]), int(repeat[1])
    least, most = int(repeat[2]), int(repeat[3]) if repeat[3] else None
    if most is not None and most < least:
        raise BadRequest(f"{repeat[0]} in the regular expression has its ends the wrong way round.")
    return least, most


def _digits_of(members: str) -> frozenset[int]:
    found: set[int] = set()
    for low, high, one in re.findall(r"(\d)-(\d)|(\\d|\d)", members):
        found.update(_ALL if one == "\\d" else {int(one)} if one else range(int(low), int(high) + 1))
    return frozenset(found)


def _union(sets: Sequence[int]) -> int:
    out = 0
    for one in sets:
        out |= one
    return out
