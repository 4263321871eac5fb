"""Bands from side to side of a picture whose ground is another than that of the rest.

Where light and dark change places, as in the dark head of a table, writing is as light as the paper beside it; in the
shadow of an edge it is as dark as beside, on darker paper. The levels of a band are brought to those of the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.vision.light import Levels, shrunk

GLANCE = 400  # pixels of the longer side of the picture in which bands are looked for
SMALL = 100  # pixels; in smaller pictures a stroke may be two pixels broad
EDGE = 0.6  # of the pixels along an edge of a band, the part that changes from one ground to the other
LEAST = 0.15  # of a side of the picture: the breadth of a band; what is narrower is a line or a stroke
BLANK = 0.1  # of the contrast of what is written elsewhere: nothing is written on a band
STRONGER = 4.0  # times the contrast of a band at most
RIM = 0.03  # of the border of a picture that is ink in the end; where more is, there are no bands


@dataclass(frozen=True, slots=True)
class _Band:
    """From `start` to before `end`, as shares of the picture; there a level v is `slope` * v + `lift` on the ground of
    the rest."""

    start: float
    end: float
    slope: float
    lift: float

    def bring(self, grey: Levels) -> None:
        """Bring its columns of a picture (h, w) to the ground of the rest."""
        width = grey.shape[1]
        band = grey[:, round(self.start * width) : round(self.end * width)]
        band[:] = np.clip(np.float32(self.slope) * band + np.float32(self.lift), 0, 255)


def on_one_ground(grey: Levels) -> Levels:
    """Grey levels (h, w) whose bands are brought to the ground of the rest; themselves where there is none."""
    small = np.asarray(shrunk(grey, GLANCE), np.uint8)
    cut, light = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    step = (cv2.mean(small, light)[0] - cv2.mean(small, cv2.bitwise_not(light))[0]) / 2
    across, down = (list(_bands(levels, cut, step)) for levels in (small, small.T))
    if not (across or down):
        return grey
    even = grey.copy()
    for picture in (small, even):
        for band in across:
            band.bring(picture)
        for band in down:
            band.bring(picture.T)
    return even if _rim(small > cut) <= RIM else grey


def _bands(grey: Levels, cut: float, step: float) -> Iterator[_Band]:
    """The bands of columns in grey levels (h, w). `cut`: the level between dark and light; `step`: half of what the two
    differ by in the mean."""
    width = grey.shape[1]
    edges = [0, *_edges(grey, step), width]
    if len(edges) == 2:
        return
    broad = [(start, end) for start, end in pairwise(edges) if end - start >= max(LEAST * width, 3)]
    levels = [_levels(grey[:, start + 1 : end - 1]) for start, end in broad]
    ground, contrast = max(levels, key=lambda level: abs(level[1]), default=(0.0, 0.0))
    for (start, end), (own, writing) in zip(broad, levels, strict=True):
        if (own > cut) != (ground > cut):
            blank = abs(writing) <= BLANK * abs(contrast)
            slope = 1.0 if blank else float(np.clip(contrast / writing, -STRONGER, STRONGER))
            yield _Band(start / width, end / width, slope, ground - slope * own)


def _levels(band: Levels) -> tuple[float, float]:
    """The grey level of a band's ground, and by how much what is written on it is lighter."""
    darkest, middle, lightest = np.percentile(band, [1, 50, 99])
    return float(middle), float(max(darkest - middle, lightest - middle, key=abs))


def _edges(grey: Levels, step: float) -> list[int]:
    """The columns of grey levels (h, w) at which they change by a step along most of their height."""
    within = 1 if max(grey.shape) < SMALL else 2  # pixels; noise and blur fray an edge
    if grey.shape[1] <= within:
        return []
    steps = cv2.threshold(cv2.absdiff(grey[:, within:], grey[:, :-within]), step, 1, cv2.THRESH_BINARY)[1]
    count = cv2.reduce(steps, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0]
    if count.max() < EDGE * len(grey):
        return []
    changes = np.append(count >= EDGE * len(grey), False).astype(np.int8)
    starts, ends = (np.flatnonzero(np.diff(changes, prepend=0) == way) for way in (1, -1))
    return [int(start + end + within) // 2 for start, end in zip(starts, ends, strict=True)]


def _rim(light: npt.NDArray[np.bool_]) -> float:
    """How much of the border is of another ground than the rest of it."""
    share = float(np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]]).mean())
    return min(share, 1 - share)
