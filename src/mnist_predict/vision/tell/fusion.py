"""What the line network saw in a place -> the numbers that stand there: their digits, boxes, and how sure each is.

Of a digit that stands alone the digit network, which sees it normalized, is asked too. Both err on different digits, so
their opinions are multiplied.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.reading import Box, Digit, Number, union
from mnist_predict.vision.find.layout import FAINT, DigitInk
from mnist_predict.vision.load.raster import Picture
from mnist_predict.vision.read.ensemble import LineReading
from mnist_predict.vision.tell import confidence, written

WALL = 0.5  # probability of a wall between two digits, from which they are digits of two numbers
LINE, ALONE = 0.8, 0.3  # as good as others on MNIST's held-out pictures, the best on held-out strips

Grey = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float32]


def fuse(
    reading: LineReading,
    box: Box,
    around: Box,
    digits: Sequence[DigitInk],
    rows: Rows,
    density: Grey,
    picture: Picture,
) -> list[Number]:
    """The numbers read in `box`, whose strokes fall apart into `digits`; `rows` (n, 10) is what the digit network makes
    of each of them, (0, 10) where it was not asked. `around`: all that the line network looked at. What is expected is
    one number, whatever its marks. Boxes in pixels of the upright picture."""
    line = reading.text
    own = reading.probabilities[np.arange(len(line)), reading.labels]
    places = reading.probabilities[:, :10]
    if len(digits) == len(line) and line.isdecimal():
        boxes = [digit.box for digit in digits]
        if len(rows) == len(line) and reading.log_fit is None:  # nothing is expected: the digits are free
            mass = places.sum(axis=1, keepdims=True)
            both = np.maximum(places, 1e-9) ** LINE * np.maximum(rows, 1e-9) ** ALONE
            places = both / both.sum(axis=1, keepdims=True) * mass
            own = places.max(axis=1)
            line = "".join(map(str, places.argmax(axis=1)))
    else:
        boxes = symbol_boxes(reading.spans, box, around, density)
    places = places / np.maximum(places.sum(axis=1, keepdims=True), 1e-9)
    walls = np.flatnonzero(reading.walls > WALL).tolist()
    parts = written.numbers(line, walls) if reading.log_fit is None else [written.Part(0, len(line))]
    found = []
    for start, end in parts:
        read = tuple(
            Digit(int(line[at]), picture.original(boxes[at]), tuple(places[at].tolist()))
            for at in range(start, end)
            if line[at].isdecimal()
        )
        sure = confidence.of_number(reading, own, start, end)
        found.append(Number(line[start:end], sure, 0, union([digit.box for digit in read]), read))
    return found


def symbol_boxes(spans: Sequence[tuple[float, float]], box: Box, around: Box, density: Grey) -> list[Box]:
    """The box of each symbol, whose middle the network saw between two columns: the ink up to half way to the next.
    From left to right, within (h, w) ink and `box`; within `around` where a symbol was seen beside `box`."""
    height, width = density.shape
    around = Box.between(max(around.x, 0), max(around.y, 0), min(around.right, width), min(around.bottom, height))
    middles = [min(max((left + right) / 2, around.x), around.right) for left, right in spans]
    x, y, w, h = box if box.x <= middles[0] and middles[-1] <= box.right else around
    half = w / len(spans) / 2
    cuts = [(one + other) / 2 for one, other in pairwise(middles)]
    lefts = [max(x, middles[0] - 2 * half), *cuts]
    rights = [*cuts, min(x + w, middles[-1] + 2 * half)]
    boxes = []
    for left, right in zip(lefts, rights, strict=True):
        start = min(max(int(left), 0), width - 1)
        end = min(max(math.ceil(right), start + 1), width)
        ink = (density[y : y + h, start:end] >= FAINT).astype(np.uint8)
        dx, dy, dw, dh = cv2.boundingRect(ink)
        boxes.append(Box(start + dx, y + dy, dw, dh) if dw else Box(start, y, end - start, h))
    return boxes
