"""Points, commas, dashes and other marks within and beside a number: they are not digits, and not left out in silence.

A mark is ink of its own, no part of a digit, and much smaller than one: at the foot of the line a point or a comma,
halfway up a dash, as tall as the digits a sign such as that of a currency.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.reading import Box
from mnist_predict.vision.components import components

# all lengths are times the height of the digits
BESIDE = 0.6  # how far before the first and behind the last digit a mark belongs to the number
LEAST = 0.07  # longer side of a mark; what is smaller is dust
SHORT = 0.35  # points, commas and dashes are lower than this
FOOT = 0.7  # the middle of a point or comma is this far down the digits beside it, or further
DASH = 1.6  # width over height
SIGN = 0.6  # before or behind a number: what is higher than this and was not read as a digit
WITHIN = 0.3  # share of a mark that may lie in the box of a digit

FAINT, SURE = 25, 128  # ink that belongs to a mark; and some of it is as dark as this

POINT = "point or comma"
WITHIN_NUMBERS = {POINT: ".", "dash": "-"}
LISTED = 5  # other numbers that are named


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark in a number: its name, and how many digits stand before it."""

    name: str
    after: int


def find_marks(density: npt.NDArray[np.uint8], digits: list[Box]) -> list[Mark]:
    """The marks within and beside a number, in its order; `density` (h, w) is ink, `digits` the boxes in it."""
    tall = float(np.median([box.h for box in digits]))
    left = max(0, int(digits[0].x - 2 * BESIDE * tall))
    right = int(digits[-1].right + 2 * BESIDE * tall)
    top = max(0, int(min(box.y for box in digits) - 0.1 * tall))
    bottom = int(max(box.bottom for box in digits) + SHORT * tall)
    ink = density[top:bottom, left:right]
    mask = cv2.threshold(ink, FAINT, 1, cv2.THRESH_BINARY)[1]
    labels, stats = components(np.asarray(mask, np.uint8))
    sides = stats[:, 2:4].max(axis=1)
    found = []
    for part in np.flatnonzero((sides >= LEAST * tall) & (sides <= tall)):
        inner = Box(*stats[part][:4].tolist())
        if inner.x == 0 or inner.y == 0 or inner.right == ink.shape[1] or inner.bottom == ink.shape[0]:
            continue  # it goes on outside
        if int(ink[inner.slices][labels[inner.slices] == part].max()) < SURE:
            continue
        box = inner._replace(x=inner.x + left, y=inner.y + top)
        if any(box.overlap(digit) > WITHIN * box.w * box.h for digit in digits):
            continue
        mark = _named(box, digits, tall)
        if mark:
            found.append((box.x, mark))
    return [mark for _, mark in sorted(found, key=lambda one: one[0])]


def told(text: str, marks: list[Mark]) -> Iterator[str]:
    """What is to be said of the marks in a number that was read as `text` without them."""
    for mark in marks:
        if 0 < mark.after < len(text):
            where = f"between {text[: mark.after]} and {text[mark.after :]}"
        else:
            where = f"before {text}" if mark.after == 0 else f"behind {text}"
            if mark.name == POINT:
                continue  # the end of a sentence
        yield f"A {mark.name} stands {where}: it is left out, and {text} is read."


def told_of_others(numbers: list[tuple[str, list[Mark]]]) -> Iterator[str]:
    """What is to be said of the marks within all other numbers of a page, in one line."""
    marked = [(_with(text, marks), text) for text, marks in numbers]
    marked = [(shown, text) for shown, text in marked if shown != text]
    if marked:
        listed = ", ".join(f"{shown} as {text}" for shown, text in marked[:LISTED])
        more = f" and {len(marked) - LISTED} more" if len(marked) > LISTED else ""
        yield f"Marks within other numbers are left out, too: {listed}{more}."


def _with(text: str, marks: list[Mark]) -> str:
    for mark in reversed(marks):
        if 0 < mark.after < len(text) and mark.name in WITHIN_NUMBERS:
            text = text[: mark.after] + WITHIN_NUMBERS[mark.name] + text[mark.after :]
    return text


def _named(box: Box, digits: list[Box], tall: float) -> Mark | None:
    w, h = box.w, box.h
    if max(digits[0].x - box.right, box.x - digits[-1].right) > BESIDE * tall:
        return None
    after = sum(digit.center_x < box.center_x for digit in digits)
    beside = digits[max(0, after - 1) : after + 1]
    foot = float(np.mean([digit.bottom for digit in beside]))
    down = 1.0 - (foot - box.y - h / 2) / tall  # of its middle: 0 at the head of the digits, 1 at their foot
    if h < SHORT * tall and w >= DASH * h and w >= 0.2 * tall and 0.25 <= down <= 0.75:
        return Mark("dash", after)
    if max(w, h) < SHORT * tall and down >= FOOT:
        return Mark(POINT, after)
    if h >= SIGN * tall and w >= 0.2 * tall and after in (0, len(digits)) and not any(map(box.overlap, digits)):
        return Mark("sign", after)
    return None
