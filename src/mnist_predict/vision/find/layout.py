"""Ink -> numbers: which strokes are a digit, which digits are a number, in the order one reads them.

Works by connected components, so digits that touch are one here: the line network reads them without cutting them.

Lengths are judged relative to the strokes around them, so that nothing here depends on a picture's size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.reading import Box, union
from mnist_predict.vision.find.components import components
from mnist_predict.vision.find.frame import without_frame

FAINT = 25  # ink that belongs to a stroke ...
SURE = 128  # ... which has this much somewhere
SPECK = 0.12  # parts lower than this, times the tallest part, are dirt
SMALL = 0.35  # parts of a line lower than this, times its median, are separators and dirt
LIGHT = 0.12  # digits with less ink than this, times the one of their line with most, are hairlines
ALIKE = 1.5  # the highest digit of a row over the lowest
NARROW = 0.6  # width over height of what may be a bare stroke
ASIDE = 0.1  # how far, times their height, two tall parts stand beside each other that are two digits
APART = 1.4  # gap between two numbers of a line, times the height of digits
REACH = 1.2  # how far marks are looked for beside a number, times its height ...
NEAR = 0.6  # ... and the gap before one
DUST = 0.01  # a page whose tallest part is lower than this, times its side, is blank
MAX_PARTS = 400  # more than this is a texture, not writing


@dataclass(frozen=True, slots=True)
class DigitInk:
    """One digit: `box` in pixels of the ink; `ink` (h, w) uint8, only its own strokes."""

    box: Box
    ink: npt.NDArray[np.uint8]

    def moved(self, across: int, down: int) -> "DigitInk":
        """The same in pixels of a picture in which the ink begins there."""
        return DigitInk(Box(self.box.x + across, self.box.y + down, self.box.w, self.box.h), self.ink)


def find_numbers(density: npt.NDArray[np.uint8]) -> list[list[DigitInk]]:
    """The numbers in (h, w) uint8 ink, in reading order, each with its digits left to right."""
    mask = cv2.threshold(density, FAINT, 1, cv2.THRESH_BINARY)[1]
    labels, stats = components(np.asarray(mask, np.uint8))
    extents = np.maximum(stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_WIDTH] // 2)
    order = np.argsort(-extents, kind="stable")[: 4 * MAX_PARTS]
    large = 1 + order[extents[order] >= SPECK * extents.max(initial=0)]
    parts = {int(i): Box(*stats[i][:4].tolist()) for i in large}
    parts = {i: box for i, box in parts.items() if _is_sure(density, labels, i, box)}
    parts = without_frame(parts, labels)
    tallest = max((box.h for box in parts.values()), default=0)
    parts = {i: box for i, box in parts.items() if max(box.h, box.w // 2) >= SPECK * tallest}
    if len(parts) > MAX_PARTS or tallest < DUST * density.size**0.5:
        return []
    mass = stats[:, cv2.CC_STAT_AREA]
    groups = _joined(parts)
    numbers = [number for line in _lines(groups, mass) for number in _numbers(line)]
    return [[_cut(density, labels, box, group) for box, group in number] for number in numbers]


def in_row(digits: Sequence[DigitInk]) -> bool:
    """Whether digits are of about one height and near each other: lines of a form beside digits are longer."""
    boxes = [digit.box for digit in digits]
    heights = [box.h for box in boxes]
    gaps = [-one.overlap_x(other) for one, other in pairwise(boxes)]
    return max(heights) <= ALIKE * min(heights) and max(gaps, default=0) <= median(heights)


def is_stroke(digit: DigitInk) -> bool:
    """Whether a digit is so narrow that it may be a bare stroke, as it leans."""
    return digit.box.w <= NARROW * digit.box.h


def hangs_together(digit: DigitInk) -> bool:
    """Whether the strokes of a digit are one: what stands in a ring is none of it, nor is it of the ring."""
    mask = cv2.threshold(digit.ink, FAINT, 1, cv2.THRESH_BINARY)[1]
    heights = sorted(components(np.asarray(mask, np.uint8))[1][1:, 3].tolist())
    return len(heights) == 1 or (len(heights) > 1 and heights[-2] < SMALL * heights[-1])


def with_marks(density: npt.NDArray[np.uint8], box: Box) -> Box:
    """The box of a number in (h, w) uint8 ink, with the marks before and behind it: a minus, a bracket, a sign."""
    height, width = density.shape
    around = Box(box.x - int(REACH * box.h), box.y, box.w + 2 * int(REACH * box.h), box.h).grow(
        box.h // 5, (width, height)
    )
    _, stats = components(np.asarray(density[around.slices] >= FAINT, np.uint8))
    marks = [Box(x + around.x, y + around.y, w, h) for x, y, w, h in stats[1:, :4].tolist()]
    # What goes on beyond is a line of a form, or another number.
    whole = [
        mark
        for mark in marks
        if (mark.x > around.x or around.x == 0)
        and (mark.right < around.right or around.right == width)
        and mark.y > around.y
        and mark.bottom < around.bottom
    ]
    grown = box
    for mark in sorted(whole, key=lambda mark: min(abs(mark.x - box.right), abs(box.x - mark.right))):
        if -grown.overlap_x(mark) <= NEAR * box.h:
            grown = Box.between(min(grown.x, mark.x), box.y, max(grown.right, mark.right), box.bottom)
    return grown


Group = tuple[Box, tuple[int, ...]]  # a digit's box and the labels of its parts


def _is_sure(density: npt.NDArray[np.uint8], labels: npt.NDArray[np.int32], part: int, box: Box) -> bool:
    return bool((density[box.slices][labels[box.slices] == part] >= SURE).any())


def _joined(parts: dict[int, Box]) -> list[Group]:
    """Parts of one digit together: largest first, each takes in what belongs to it."""
    groups: list[Group] = []
    for i, box in sorted(parts.items(), key=lambda item: -item[1].w * item[1].h):
        for at, (whole, members) in enumerate(groups):
            if _belong(whole, box):
                groups[at] = union([whole, box]), (*members, i)
                break
        else:
            groups.append((box, (i,)))
    return groups


def _belong(one: Box, other: Box) -> bool:
    """Whether two boxes of strokes are parts of one digit."""
    body, part = (one, other) if one.h >= other.h else (other, one)
    height = body.h
    low = part.h / height
    overlap = one.overlap_x(other)
    share = overlap / min(one.w, other.w)
    apart = -one.overlap_y(other) / height  # between the lower edge of one and the upper of the other
    if low >= 0.6:  # two tall parts: side by side or one above the other they are two digits
        return share >= 0.65 and apart <= 0.1 and not _beside(one, other)
    if share >= 0.5:
        return apart <= 0.25
    if part.w >= 1.5 * part.h and part.y + part.h / 2 <= body.y + 0.35 * height:  # the flag of a 5
        return overlap >= -0.25 * height and part.x >= body.x - 0.2 * height and apart <= 0.25
    return overlap > -0.1 * height and apart <= 0.05


def _beside(one: Box, other: Box) -> bool:
    """Whether one box is the other moved aside: two slanted strokes beside each other share most of their columns."""
    left, right = other.x - one.x, other.right - one.right
    return left * right > 0 and min(abs(left), abs(right)) >= ASIDE * max(one.h, other.h)


def _lines(groups: list[Group], mass: npt.NDArray[np.int32]) -> list[list[Group]]:
    """Digits by line, left to right and top to bottom; a line may climb or fall."""
    lines: list[list[Group]] = []
    for group in sorted(groups):
        # Beside the last tall part: the two strokes of = do not lie in one row with each other.
        box, last = group[0], [max((one for one, _ in line[-2:]), key=lambda one: one.h) for line in lines]
        shared = [before.overlap_y(box) for before in last]
        best = max(range(len(lines)), key=shared.__getitem__, default=None)
        if best is not None and shared[best] >= 0.4 * min(last[best].h, box.h):
            lines[best].append(group)
        else:
            lines.append([group])
    # Where the tallest is a hairline and the heaviest is flat, none is a digit.
    lines = [digits for line in lines if (digits := _digits(line, mass))]
    tallest = max((median(box.h for box, _ in line) for line in lines), default=0)
    lines = [line for line in lines if median(box.h for box, _ in line) >= SMALL * tallest]
    return sorted(lines, key=lambda line: sum(box.y + box.bottom for box, _ in line) / len(line))


def _digits(line: list[Group], mass: npt.NDArray[np.int32]) -> list[Group]:
    """A line without separators, dirt and hairlines; it may be empty."""
    tallest = max(box.h for box, _ in line)
    heaviest = max(mass[list(group)].sum() for _, group in line)
    return [
        (box, group) for box, group in line if box.h >= SMALL * tallest and mass[list(group)].sum() >= LIGHT * heaviest
    ]


def _numbers(line: list[Group]) -> list[list[Group]]:
    """A line cut where the gap between digits is wider than a point between thousands makes it."""
    tall = median(box.h for box, _ in line)
    numbers = [[line[0]]]
    for group in line[1:]:
        if -numbers[-1][-1][0].overlap_x(group[0]) > APART * tall:
            numbers.append([])
        numbers[-1].append(group)
    return numbers


def _cut(density: npt.NDArray[np.uint8], labels: npt.NDArray[np.int32], box: Box, group: tuple[int, ...]) -> DigitInk:
    own = labels[box.slices]
    mine = own == group[0] if len(group) == 1 else np.isin(own, group)
    return DigitInk(box, density[box.slices] * mine)
