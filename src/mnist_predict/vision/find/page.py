"""Grey page -> where lines of digits stand on it, by the page network of a model version.

The network sees a page in up to four sizes, since it knows lines of 9 to 54 pixels. Of a line it tells a kernel, the
line shrunk from all sides, and in each cell of the kernel how tall the line is and which way it runs. Here kernels grow
to lines again, and what is seen in several sizes is kept once.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.reading import Box
from mnist_predict.vision.find.components import components
from mnist_predict.vision.session import open_session

CELL = 4  # pixels of a page that a cell of the maps speaks for
STEP = 32  # pixels; what the network sees is a multiple of it high and wide
UNIT = 24.0  # pixels; heights are told relative to it
LOWEST, TALLEST = 8.5, 58.0  # pixels of height of the lines that the network learns to see
THICK = 0.45  # height of a kernel, times that of its line
ENDS = 0.3  # what a kernel lacks at each end of its line, times its height
SHORTEST = 0.35  # length of the shortest kernel, times the height of its line
SIZES = (48, 144, 432, 864)  # pixels of the shorter side of a page, as the network sees it
AREA = 1_100_000  # pixels of the largest page that the network sees: it takes a hundred bytes for each
KERNEL = 0.25  # probability from which a cell is part of a kernel
FAINT = 0.3  # mean probability of a kernel that is a line where the ink says so too ...
SURE = 0.5  # ... and of one that needs no ink
LARGE = 3 * LOWEST  # pixels of height of a line beside which none is read that only a larger size would show
INSIDE = 0.5  # share of the smaller of two lines from which they are one, seen twice
ALIKE = 0.15  # what a size counts less in which a line is e times too large or too small

Grey = npt.NDArray[np.uint8]
Maps = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of digits on a page: its middle, length and height in pixels, the angle in which it runs (radians, 0 to
    the right, more is clockwise), and the mean probability of its kernel."""

    x: float
    y: float
    length: float
    height: float
    angle: float
    score: float

    @property
    def box(self) -> Box:
        """The upright box around it."""
        cos, sin = abs(math.cos(self.angle)), abs(math.sin(self.angle))
        w, h = self.length * cos + self.height * sin, self.length * sin + self.height * cos
        return Box.between(round(self.x - w / 2), round(self.y - h / 2), round(self.x + w / 2), round(self.y + h / 2))

    @property
    def core(self) -> Box:
        """The upright box around what the network saw of it: its kernel."""
        length = max(self.length - 2 * ENDS * self.height, SHORTEST * self.height)
        return replace(self, length=length, height=THICK * self.height).box

    @property
    def area(self) -> float:
        """In pixels."""
        return self.length * self.height

    def scaled(self, by: float) -> "Line":
        """The same on a picture that is so many times as large."""
        return Line(by * self.x, by * self.y, by * self.length, by * self.height, self.angle, self.score)

    def shared(self, other: "Line") -> float:
        """The area that is part of both, over that of the smaller."""
        mine, theirs = (((one.x, one.y), (one.length, one.height), math.degrees(one.angle)) for one in (self, other))
        kind, corners = cv2.rotatedRectangleIntersection(mine, theirs)
        if kind == cv2.INTERSECT_NONE or len(corners) < 3:
            return 0.0
        hull = cv2.convexHull(corners)
        return float(cv2.contourArea(hull)) / max(min(self.area, other.area), 1e-6)


class PageReader:
    """The network in `folder/model.onnx`; thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._session = open_session(folder / "model.onnx")

    def lines(self, grey: Grey) -> list[Line]:
        """The lines of digits on a grey page (h, w) of any polarity, the surest first."""
        height, width = grey.shape
        short = min(height, width)
        grey = reduced(grey, short // SIZES[-1])
        seen: list[tuple[float, Line]] = []
        most = min(1.0, math.sqrt(AREA / (height * width)))
        for scale in sorted({min(size / short, most) for size in SIZES}):
            wide, tall = max(round(width * scale), 8), max(round(height * scale), 8)
            small = np.asarray(cv2.resize(grey, (wide, tall), interpolation=cv2.INTER_AREA), np.uint8)
            found = grown(self.maps(small))
            for line in found:
                weight = line.score - ALIKE * abs(math.log(line.height / UNIT))
                x, y = (line.x + 0.5) * width / wide - 0.5, (line.y + 0.5) * height / tall - 0.5
                grown_ = Line(x, y, line.length / scale, line.height / scale, line.angle, line.score)
                seen.append((weight, grown_))
            if any(line.score >= SURE and line.height >= LARGE for line in found):
                break
        kept: list[Line] = []
        for _, line in sorted(seen, key=lambda one: -one[0]):
            if all(line.shared(other) < INSIDE for other in kept):
                kept.append(line)
        return kept

    def maps(self, page: Grey) -> Maps:
        """Maps (4, h / 4, w / 4), rounded up, of a page (h, w): probability of a kernel, logarithm of the height over
        UNIT, and the way in which the line runs."""
        h, w = page.shape
        padded = cv2.copyMakeBorder(page, 0, -h % STEP, 0, -w % STEP, cv2.BORDER_REPLICATE)
        pages = padded[None, None] * np.float32(1 / 255)
        maps: Maps = self._session.run(["maps"], {"pages": pages})[0][0]
        return maps[:, : -(-h // CELL), : -(-w // CELL)]


def reduced(pixels: Grey, by: int) -> Grey:
    """Pixels (h, w) or (h, w, 3) averaged down by a whole number, which is many times faster than by a broken one; as
    they are for less than 2."""
    if by < 2:
        return pixels
    height, width = pixels.shape[0] // by, pixels.shape[1] // by
    part = pixels[: by * height, : by * width]
    return np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def grown(maps: Maps) -> list[Line]:
    """The lines whose kernels stand in maps (4, h, w), in pixels of the page that the network saw."""
    kernel = maps[0]
    labels, stats = components((kernel >= KERNEL).astype(np.uint8))
    lines = []
    for label in range(1, len(stats)):
        x, y, w, h = stats[label, :4].tolist()
        part = labels[y : y + h, x : x + w] == label
        rows, columns = np.nonzero(part)
        weights = kernel[y : y + h, x : x + w][part]
        score, log_height, across, down = (maps[:, y : y + h, x : x + w][:, part] @ weights / weights.sum()).tolist()
        if score < FAINT:
            continue
        tall = UNIT * math.exp(log_height)
        angle = math.atan2(down, across)
        cos, sin = math.cos(angle), math.sin(angle)
        xs, ys = CELL * (columns + x) + (CELL - 1) / 2, CELL * (rows + y) + (CELL - 1) / 2
        along, beside = xs * cos + ys * sin, ys * cos - xs * sin
        low, high = float(along.min()), float(along.max())
        length = high - low + CELL * (abs(cos) + abs(sin)) - CELL / 2 + 2 * ENDS * tall
        if len(rows) * CELL**2 < 0.3 * THICK * SHORTEST * tall**2:
            continue
        middle, at = (low + high) / 2, float(beside @ weights / weights.sum())
        lines.append(Line(middle * cos - at * sin, middle * sin + at * cos, length, tall, angle, score))
    return lines
