"""The places on a page that are read: where the page network sees a line of digits, as far as its ink reaches.

The network knows what is a line of digits; the ink around it tells more exactly where the line ends and which digits it
falls apart into. Where the two do not agree, the line is cut out as the network sees it.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mnist_predict.reading import Box, union
from mnist_predict.vision.find.ink import Levels, find_ink
from mnist_predict.vision.find.layout import DigitInk, find_numbers
from mnist_predict.vision.find.page import SURE, Line

ALIKE = 0.6  # share of a box of the ink within a line from which it is that of the line ...
ALL = 0.95  # ... where it also takes in so much of the core of the line
INSIDE = 0.2  # share of the core of another line in a box of the ink from which that is none of one line
LEVEL = math.radians(30)  # a line that runs more at a slant is not cut out straight
ASIDE, ABOVE = 1.5, 0.6  # how far around a line its ink is looked for, times its height


Digits = tuple[DigitInk, ...]


class Found(NamedTuple):
    """A box to read, the digits that the ink falls apart into there, whether ink and network agree on it, and where the
    network alone sees it the probability that it is a line of digits."""

    box: Box
    digits: Digits
    agreed: bool
    score: float = 1.0


def find(grey: Levels, lines: Sequence[Line] | None) -> tuple[list[Found], Levels]:
    """The places on a grey page (h, w), and the ink that was looked at, (h, w) uint8 from 0 to 255.

    `lines`: what the page network sees; None where it was not asked: then the ink alone says what is read.
    """
    density = np.zeros_like(grey)
    size = (grey.shape[1], grey.shape[0])
    near = [(line, box) for line in lines or () if level(line) and (box := _clipped(line.box, size)) is not None]
    if not any(line.score >= SURE for line, _ in near):
        inked = _inked(grey, Box(0, 0, *size), density)
        kept = inked if lines is None or len(inked) == 1 else []
        return [Found(_whole(digits), digits, lines is None) for digits in kept], density
    found = []
    for line, box in near:
        others = [other.core for other, _ in near if other is not line]
        digits = _of_line(line, box, others, _inked(grey, _around(line, size), density))
        if digits:
            found.append(Found(_whole(digits), digits, True))
        elif line.score >= SURE:
            found.append(Found(box, (), False, line.score))
    return found, density


def level(line: Line) -> bool:
    """Whether a line is read from left to right."""
    return abs(line.angle) <= LEVEL


def _clipped(box: Box, size: tuple[int, int]) -> Box | None:
    left, top = max(box.x, 0), max(box.y, 0)
    right, bottom = min(box.right, size[0]), min(box.bottom, size[1])
    return Box.between(left, top, right, bottom) if right - left > 2 and bottom - top > 2 else None


def _share(box: Box, of: Box) -> float:
    """How much of a box lies in another."""
    return box.overlap(of) / max(box.w * box.h, 1)


def _alike(inked: Box, line: Line, box: Box) -> bool:
    """Whether a box of the ink is that of a line with this box: it takes in all of it, and little else."""
    return _share(line.core, inked) >= ALL and _share(inked, box) >= ALIKE


def _around(line: Line, size: tuple[int, int]) -> Box:
    """The part of a picture (w, h) in which the ink of a line is looked for."""
    across, down = round(ASIDE * line.height), round(ABOVE * line.height)
    x, y, w, h = line.box
    return _clipped(Box(x - across, y - down, w + 2 * across, h + 2 * down), size) or Box(0, 0, *size)


def _inked(grey: Levels, area: Box, density: Levels) -> list[Digits]:
    """The numbers that the ink shows in a part of a page; that ink is added to `density`."""
    ink = find_ink(grey[area.slices])
    if ink is None:
        return []
    np.maximum(density[area.slices], ink, out=density[area.slices])
    return [tuple(digit.moved(area.x, area.y) for digit in digits) for digits in find_numbers(ink)]


def _of_line(line: Line, box: Box, others: Sequence[Box], inked: Sequence[Digits]) -> Digits:
    """The number in the ink that is that of a line with this box, and takes in none of the `others`; or nothing."""
    for digits in inked:
        whole = _whole(digits)
        if _alike(whole, line, box) and all(_share(core, whole) < INSIDE for core in others):
            return digits
    return ()


def _whole(digits: Digits) -> Box:
    return union([digit.box for digit in digits])
