"""Digits as displays of segments show them: meters, scales, clocks, pocket calculators.

Seven bars, a to g, or those with a middle bar in two halves and a 0 with a stroke, as displays of fourteen segments
have them. Each display has its own proportions, breadth of bars, gaps and ends.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.training.synthesis.shapes.bank import SIDE, TALL, Shapes, of_glyphs

DIGITS = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
_BARS = {"a": (0, 1), "b": (1, 3), "c": (3, 5), "d": (4, 5), "e": (2, 4), "f": (0, 2), "g": (2, 3)}  # from node to node
_FINER = 4  # times, to draw

Mask = NDArray[np.uint8]


def shapes(count: int, rng: np.random.Generator) -> Shapes:
    """The digits of so many displays; the box of each is its place, which all digits of a display share."""
    found = of_glyphs((mask, digit, display) for display in range(count) for digit, mask in enumerate(digits(rng)))
    for boxes in np.split(found.boxes, count):
        boxes[:] = boxes[8]
    return found


def digits(rng: np.random.Generator) -> list[Mask]:
    """The ten digits of one display, as masks `(84, 84)` of 0 and 1; a 1 stands at the right of its place."""
    wide, breadth = TALL * rng.uniform(0.42, 0.72), TALL * rng.uniform(0.06, 0.2)
    gap, point = rng.choice((0.0, rng.uniform(0, 0.05))) * TALL, rng.choice((0.0, 0.5, 1.0))
    is_halved, is_slashed = rng.random() < 0.2, rng.random() < 0.15
    shown = list(DIGITS)
    for digit, other, share in ((6, "fgedc", 0.15), (7, "fabc", 0.15), (9, "abcfg", 0.15)):
        if rng.random() < share:
            shown[digit] = other
    left, top = (SIDE - wide) / 2 + breadth / 2, (SIDE - TALL) / 2 + breadth / 2
    across, down = wide - breadth, (TALL - breadth) / 2
    nodes = np.array([(left + across * x, top + down * y) for y in range(3) for x in range(2)])
    middle = nodes[2:4].mean(0)

    def drawn(bars: str, is_struck: bool) -> Mask:
        canvas = np.zeros((SIDE * _FINER, SIDE * _FINER), np.uint8)
        ends = [(nodes[start], nodes[end]) for start, end in map(_BARS.__getitem__, bars)]
        if "g" in bars and is_halved:
            ends += [(nodes[2], middle), (middle, nodes[3])]
            del ends[bars.index("g")]
        if is_struck:
            inner = breadth * np.array((1.1, -1.1))
            ends.append((nodes[4] + inner, nodes[1] - inner))
        for start, end in ends:
            bar = np.round(_bar(start, end, breadth, gap, point) * _FINER * 16).astype(np.int32)
            cv2.fillPoly(canvas, [bar], 255, cv2.LINE_8, 4)
        small = cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        return (small > 110).astype(np.uint8)

    return [drawn(bars, is_slashed and digit == 0) for digit, bars in enumerate(shown)]


def _bar(
    start: NDArray[np.float64], end: NDArray[np.float64], breadth: float, gap: float, point: float
) -> NDArray[np.float64]:
    """The corners `[6, 2]` of a bar; `point`: 0 for blunt ends, 1 for ends as sharp as a right angle.

    None fills a corner of the digit: a 0 that is a whole frame is an empty box.
    """
    along = (end - start) / np.hypot(*(end - start))
    side = breadth / 2 * np.array((-along[1], along[0]))
    start, end = start + along * gap / 2, end - along * gap / 2
    tip, corner = min(point, 0) * along * breadth / 2, point * along * breadth / 2
    ends = (
        start + tip,
        start + corner + side,
        end - corner + side,
        end - tip,
        end - corner - side,
        start + corner - side,
    )
    return np.stack(ends)
