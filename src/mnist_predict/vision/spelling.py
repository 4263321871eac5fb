"""What the line networks saw in a place -> the number, digit by digit: their boxes, and how sure each is.

Where the strokes fall apart into just as many digits, the digit network, which sees each of them alone and normalized,
is asked too. Both kinds err on different digits, so their opinions are multiplied.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.reading import Box, Digit, Number, union
from mnist_predict.vision.fitting import confidence as among_expected
from mnist_predict.vision.layout import FAINT, DigitInk
from mnist_predict.vision.number import Seen
from mnist_predict.vision.raster import Picture

LINE, ALONE = 0.8, 0.3  # as good as others on MNIST's held-out pictures, the best on held-out strips
LONG = 0.5  # what the log of a number's length adds to the log-odds of its confidence; fitted to held-out strips

Grey = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float32]


def spell(seen: Seen, box: Box, digits: Sequence[DigitInk], alone: Rows, density: Grey, picture: Picture) -> Number:
    """The number seen in `box`, whose strokes fall apart into `digits`; `alone` (n, 10) is what the digit network
    makes of each of them. Boxes in pixels of the upright picture."""
    rows = seen.probabilities
    spelled = np.array(list(map(int, seen.text)))
    places = np.arange(len(spelled))
    # What is known of where digits stand and how many, apart from which they are.
    structure = min(1.0, among_expected(seen) / max(float(rows[places, spelled].prod()), 1e-12))
    if len(digits) == len(spelled):
        boxes = [digit.box for digit in digits]
        if seen.log_fit == 0.0:  # nothing is expected: the digits are free
            rows = np.maximum(rows, 1e-9) ** LINE * np.maximum(alone, 1e-9) ** ALONE
            rows = rows / rows.sum(axis=1, keepdims=True)
            spelled = rows.argmax(axis=1)
    else:
        boxes = digit_boxes(seen.spans, box, density)
    confidence = min(1.0, structure * float(rows[places, spelled].prod()))
    if seen.log_fit == 0.0:
        confidence = _calibrated(confidence, len(spelled))
    read = [
        Digit(int(value), picture.original(one), tuple(row.tolist()))
        for value, one, row in zip(spelled, boxes, rows, strict=True)
    ]
    return Number("".join(map(str, spelled)), confidence, 0, union([digit.box for digit in read]), tuple(read))


def _calibrated(confidence: float, length: int) -> float:
    """A number's confidence as it turns out (logistic calibration; J. Platt 1999): where several crops are averaged, a
    mistake in one digit of one crop counts against the whole, so that long numbers are right more often than said."""
    if not 0.0 < confidence < 1.0:
        return confidence
    odds = math.log(confidence / (1.0 - confidence)) + LONG * math.log(length)
    return 1.0 / (1.0 + math.exp(-odds))


def digit_boxes(spans: Sequence[tuple[float, float]], box: Box, density: Grey) -> list[Box]:
    """The box of each digit, whose middle the network saw between two columns: the ink up to half way to the next.
    From left to right, within (h, w) ink; in all of it where a digit was seen beside `box`."""
    height, width = density.shape
    middles = [min(max((left + right) / 2, 0), width) for left, right in spans]
    x, y, w, h = box if box.x <= middles[0] and middles[-1] <= box.right else (0, 0, width, height)
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
