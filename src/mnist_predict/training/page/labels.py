"""Where lines of digits stand on a page, and what the page network is to say of it.

Of each line the network learns a kernel: the line itself, shrunk from all sides, so that lines near each other stay
apart (M. Liao et al., AAAI 2020); and in each cell of the kernel how tall the line is and which way it runs (X. Zhou et
al., CVPR 2017).
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.training.synthesis.paper import Grey
from mnist_predict.training.synthesis.writing import Trace
from mnist_predict.vision.find.page import CELL, ENDS, LOWEST, SHORTEST, TALLEST, THICK, UNIT, Line

APART = 1.3  # gap between two numbers of a line, times the height of digits
DOUBT = 1.3  # how much lower or taller lines are of which it does not matter whether they are seen


@dataclass(frozen=True)
class Placed:
    """A line of digits: its ends (x, y), in the middle of its height, left and right as it is read; its height."""

    left: tuple[float, float]
    right: tuple[float, float]
    height: float
    digits: str  # what is not struck out

    @property
    def seen(self) -> Line:
        """The same as the page reader tells lines."""
        (x0, y0), (x1, y1) = self.left, self.right
        length, angle = math.hypot(x1 - x0, y1 - y0), math.atan2(y1 - y0, x1 - x0)
        return Line((x0 + x1) / 2, (y0 + y1) / 2, length, self.height, angle, 1.0)

    def moved(self, to: NDArray[np.float64], scale: float) -> "Placed":
        """The same on a page that was moved by an affine map (2, 3) which scales it so."""
        left, right = (tuple((to[:, :2] @ end + to[:, 2]).tolist()) for end in (self.left, self.right))
        return Placed(left, right, self.height * scale, self.digits)


@dataclass(frozen=True)
class Target:
    """Maps (h / 4, w / 4) float32: `kernel` 0 or 1; `weight`: 0 where it does not matter what is said; and in kernels
    the logarithm of `height` over UNIT, and the way `across` and `down` in which the line runs."""

    kernel: Grey
    weight: Grey
    height: Grey
    across: Grey
    down: Grey


def placed(trace: Trace, scale: float, x: float, y: float) -> list[Placed]:
    """The lines of digits in what was traced, so much larger, with its upper left corner at (x, y): several where there
    are gaps. Marks beside digits are part of a line."""
    hand = trace.hand
    spare = 2 + (2 * abs(hand.radius) if hand.outline else hand.radius)
    tall = hand.height + 2 * max(hand.radius, 0.0)
    cells = [
        (box.x + spare - 1, box.right - spare + 1, box.y + box.h / 2, sign)
        for box, sign in zip(trace.boxes, trace.line, strict=True)
    ]
    groups = [cells[:1]]
    for before, cell in pairwise(cells):
        if cell[0] - before[1] > APART * tall:
            groups.append([])
        groups[-1].append(cell)
    lines = []
    for group in groups:
        digits = [cell for cell in group if cell[3].symbol.isdecimal()]
        if not digits:
            continue
        middles = np.array([((cell[0] + cell[1]) / 2, cell[2]) for cell in digits])
        slope = float(np.polyfit(middles[:, 0], middles[:, 1], 1)[0]) if len(digits) > 2 else hand.slope
        at = middles.mean(0)
        ends = [
            (x + scale * edge, y + scale * (at[1] + slope * (edge - at[0])))
            for edge in (min(cell[0] for cell in group), max(cell[1] for cell in group))
        ]
        read = "".join(cell[3].symbol for cell in digits if not cell[3].struck)
        lines.append(Placed(ends[0], ends[1], tall * scale, read))
    return lines


def target(lines: list[Placed], height: int, width: int) -> Target:
    """What the network is to say of a page (height, width) with these lines."""
    rows, columns = height // CELL, width // CELL
    kernel, tall, across, down = np.zeros((4, rows, columns), np.float32)
    weight = np.ones((rows, columns), np.float32)
    for line in lines:
        ends = np.array((line.left, line.right))
        middle, along = ends.mean(0), ends[1] - ends[0]
        length = float(np.hypot(*along))
        if length < 1e-6:
            continue
        way = along / length
        h = line.height
        if not LOWEST <= h <= TALLEST:
            if LOWEST / DOUBT < h < TALLEST * DOUBT:
                _fill(weight, middle, way, length / 2 + 0.2 * h, 0.6 * h, 0.0)
            continue
        half = max(length / 2 - ENDS * h, SHORTEST * h / 2)
        for into, value in ((kernel, 1.0), (tall, np.log(h / UNIT)), (across, way[0]), (down, way[1])):
            _fill(into, middle, way, half, THICK * h / 2, float(value))
    return Target(kernel, weight, tall, across, down)


def _fill(into: Grey, middle: NDArray[np.float64], way: NDArray[np.float64], half: float, thick: float,
          value: float) -> None:  # fmt: skip
    """Fill a rectangle about a middle (x, y in pixels) that reaches so far along and across a way."""
    side = np.array((-way[1], way[0]))
    corners = [middle + a * half * way + b * thick * side for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    points = (np.array(corners) - (CELL - 1) / 2) / CELL
    cv2.fillPoly(into, [np.round(points * 16).astype(np.int32)], value, cv2.LINE_8, 4)
