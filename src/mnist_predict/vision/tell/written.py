"""What a line says, symbol by symbol -> the numbers in it, as they are written.

A minus before a number belongs to it, and so do a decimal point or comma and those between groups of thousands. At any
other mark a number ends: `47/20` is 47 and 20, a date is three numbers, a sum its terms.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from mnist_predict.vision.read.alphabet import STRUCK

_NUMBER = re.compile(r"\d(?:[\d.,]*\d)?")
_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}[.,]\d{3}")


class Part(NamedTuple):
    """A number within a line: its symbols are `line[start:end]`."""

    start: int
    end: int


def numbers(line: str, walls: Sequence[int] = ()) -> list[Part]:
    """Where the numbers of a line stand, from left to right. `walls`: where the wall of a column parts two digits."""
    cuts = [0, *walls, len(line)]
    return [
        Part(start + part.start, start + part.end) for start, end in pairwise(cuts) for part in _cell(line[start:end])
    ]


def _cell(line: str) -> list[Part]:
    found = []
    for match in _NUMBER.finditer(line):
        first, *others = _apart(match[0])
        at = match.start()
        found.append(Part(at - _has_minus(line, at, match.end()), at + first[1]))
        found += [Part(at + start, at + end) for start, end in others]
    return found


def _has_minus(line: str, start: int, end: int) -> bool:
    """Whether a minus stands before `line[start:end]`: a dash after a digit parts, and dashes on both sides fill up."""
    before = line[max(start - 2, 0) : start]
    return before[-1:] == "-" and line[end : end + 1] != "-" and not (before[:-1] == "-" or before[:-1].isdecimal())


def _apart(text: str) -> list[tuple[int, int]]:
    """Where a text of digits, points and commas is one number; or several, as it can be none: 18.08.2018, 18,,5."""
    groups = re.findall(r"\d+", text)
    points = re.findall(r"[.,]+", text)
    whole = [(0, len(text))]
    if len(points) <= 1:
        return whole if all(len(point) == 1 for point in points) else _runs(text)
    first, *middle, last = groups
    thousands = len(first) <= 3 and all(len(group) == 3 for group in middle) and len(set(points[:-1])) == 1
    if thousands and all(len(point) == 1 for point in points) and (len(last) == 3 or points[-1] != points[0]):
        return whole
    return _runs(text)


def _runs(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\d+", text)]


def has_struck(line: str) -> bool:
    """Whether digits are struck out in a line."""
    return STRUCK in line


def told(numbers: Sequence[str], struck: bool) -> tuple[str, ...]:
    """What is said of numbers as they are written: which of them can mean two things, and that some are left out."""
    advice = []
    for number in dict.fromkeys(filter(_THOUSANDS.fullmatch, numbers)):
        whole, rest = re.split(r"[.,]", number)
        advice.append(f"{number} is {whole} {rest} in thousands, or {whole} and {rest} thousandths.")
    if struck:
        advice.append("What is struck out is not read.")
    return tuple(advice)
