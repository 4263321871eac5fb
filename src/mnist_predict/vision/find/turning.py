"""Pages that lie on their side or upside down: turned for reading, and what was read turned back.

What a file says of its orientation has been followed already. A lone digit cannot tell how it lies (6 or 9), nor can
every number; so a page is only turned where it reads poorly as it is and surely, as two digits or more, otherwise.
"""

import math
from dataclasses import replace

import numpy as np

from mnist_predict.reading import Box, Number, Reading
from mnist_predict.vision.load.raster import Picture

POOR = 0.5  # confidence from which a number of two digits lies as it should
SURE = 0.9  # probability from which lone digits are what they seem
CLEAR = 0.85  # confidence from which a number on a turned page is one
ADVICE = {
    1: "The page lies on its side: turned to the right, it reads as this.",
    2: "The page is upside down: turned round, it reads as this.",
    3: "The page lies on its side: turned to the left, it reads as this.",
}


def turned(picture: Picture, quarters: int) -> Picture:
    """The picture turned to the right by so many quarters."""
    size = picture.size if quarters % 2 == 0 else picture.size[::-1]
    return Picture(np.ascontiguousarray(np.rot90(picture.pixels, -quarters)), size, picture.scale)


def may_lie(reading: Reading) -> bool:
    """Whether a page may lie another way: it reads as nothing, or as lone digits one of which at least is doubtful."""
    upright = any(len(number.text) > 1 and number.confidence >= POOR for number in reading.numbers)
    return not upright and _together(reading) < SURE


def lies(reading: Reading, other: Reading) -> bool:
    """Whether a page reads surely when it is turned, and surer than all that is seen on it as it is."""
    return clarity(other) >= max(CLEAR, _together(reading))


def clarity(reading: Reading) -> float:
    """The confidence of a number that tells how it lies: lying, the two strokes of = are 11."""
    return reading.confidence if len(reading.number) > 1 and set(reading.number) != {"1"} else 0.0


def _together(reading: Reading) -> float:
    """The probability that all numbers are right; none where there is no number."""
    return math.prod(number.confidence for number in reading.numbers) if reading.numbers else 0.0


def turned_back(reading: Reading, quarters: int, size: tuple[int, int]) -> Reading:
    """The reading of a picture (w, h) that was turned, with its boxes on the picture as it is."""
    numbers = tuple(_number(number, quarters, size) for number in reading.numbers)
    return replace(reading, numbers=numbers, advice=(ADVICE[quarters], *reading.advice))


def turned_box(box: Box, quarters: int, size: tuple[int, int]) -> Box:
    """A box on a picture (w, h) as one on that picture turned to the right by so many quarters."""
    (x, y, w, h), (width, height) = box, size
    for _ in range(quarters):
        x, y, w, h = height - y - h, x, h, w
        width, height = height, width
    return Box(x, y, w, h)


def _number(number: Number, quarters: int, size: tuple[int, int]) -> Number:
    after = size if quarters % 2 == 0 else size[::-1]
    digits = tuple(replace(digit, box=turned_box(digit.box, 4 - quarters, after)) for digit in number.digits)
    return replace(number, box=turned_box(number.box, 4 - quarters, after), digits=digits, turned=90 * quarters)
