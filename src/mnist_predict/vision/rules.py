"""Ruled and squared paper: its lines taken out of a picture, where they make one stroke of all that is written.

A line of paper is thin, long and runs out of the picture, as all its parallels do; bent paper, a slanted view and
the writing across it may bend and tear it, so its pixels are followed (as those of staff lines in music are; C. Dalitz
et al., IEEE PAMI 30(5), 2008) and no straight line is fitted.
"""

import math

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.vision.components import components
from mnist_predict.vision.light import Levels, shrunk

SMALLEST = 100  # pixels; in smaller pictures strokes are as thin as lines
GLANCE = 800  # pixels of the longer side, as which a larger picture is looked at first
THIN = 3  # pixels, as thick as most lines are at most ...
THICK = 0.012  # ... and of the picture's shorter side, where they are thicker
LONG = 0.08  # of the picture's side along it, so long is a piece of a line ...
WHOLE = 0.6  # ... and so long one that counts
SQUARED, RULED = 3, 4  # lines each way, or across alone, from which paper is squared or ruled: an 8 has three
FAINTEST = 8.0  # grey levels between a line and the paper around it ...
NOISE = 4.0  # ... and in deviations of the paper's noise


def without_rules(grey: Levels) -> Levels:
    """Grey levels (h, w) uint8 without the lines of the paper, where it is ruled or squared; else as they are."""
    if min(grey.shape) < SMALLEST:
        return grey
    chalk = bool(np.median(grey[::8, ::8]) < 128)
    dark = np.asarray(255 - grey if chalk else grey, np.uint8)
    # Most large pictures have no such lines, and a small one shows that.
    if max(grey.shape) > GLANCE and _taken_out(shrunk(dark, GLANCE).astype(np.uint8)) is None:
        return grey
    out = _taken_out(dark)
    if out is None:
        return grey
    return np.asarray(255 - out if chalk else out, np.uint8)


def _taken_out(dark: Levels) -> Levels | None:
    """The same for dark lines; None where there are none."""
    thick = max(THIN, round(THICK * min(dark.shape)))
    if not _enough(_crossings(dark, thick), _crossings(dark.T, thick)):
        return None
    across, down = _Lines(dark, thick), _Lines(dark.T, thick)
    if not _enough(across.count, down.count):
        return None
    # With no more than their own thickness: strokes are often as thin as lines may be.
    dark = _without(dark, across.thickness)
    return _without(dark.T, down.thickness).T if min(across.count, down.count) >= SQUARED else dark


def _enough(across: int, down: int) -> bool:
    """Whether so many lines each way are those of paper; upright ones alone may be 1111."""
    return across >= RULED or min(across, down) >= SQUARED


def _crossings(grey: Levels, thick: int) -> int:
    """How many thin strokes cross the left or the right edge of a picture: a first look that costs little."""
    edges = np.stack([grey[:, : 3 * thick].mean(1), grey[:, -3 * thick :].mean(1)], 1).astype(np.uint8)
    begins = np.diff(_thin(edges, thick).astype(np.int8), axis=0, prepend=0) == 1
    return int(begins.sum(0).max())


def _paper(grey: Levels, thick: int) -> Levels:
    """What lies beneath strokes that are thin from above to below."""
    grey = np.ascontiguousarray(grey)
    return np.asarray(cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((thick + 1, 1), np.uint8)), np.uint8)


def _thin(grey: Levels, thick: int) -> npt.NDArray[np.bool_]:
    """Where strokes are thin from above to below and stand out from the paper: a black top-hat (F. Meyer, 1979)."""
    depth = _paper(grey, thick) - grey
    sample = depth.ravel()[:: max(1, depth.size // 20_000)]
    middle = np.median(sample)
    noise = np.median(np.abs(sample - middle)) / 0.6745
    return np.asarray(depth > max(middle + NOISE * noise, FAINTEST))


class _Lines:
    """The lines that run from left to right in grey levels (h, w), and that are at most so thick: their pixels, their
    count, and their thickness in pixels."""

    def __init__(self, grey: Levels, thick: int) -> None:
        grey = np.ascontiguousarray(grey)
        width = grey.shape[1]
        thin = _thin(np.asarray(cv2.blur(grey, (3 * thick, 1)), np.uint8), thick)  # along a line noise is evened out
        # Strokes and lines that cross it tear a line.
        whole = cv2.morphologyEx(thin.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, 3 * thick), np.uint8))
        labels, stats = components(np.asarray(whole, np.uint8))
        wide, tall = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
        flat = (wide >= LONG * width) & (tall <= wide / 3)
        flat[0] = False
        self.pixels = flat[labels] & thin
        self.count = int((flat & (wide >= WHOLE * width)).sum())
        self.thickness = min(thick, 1 + math.ceil(self.pixels.sum() / max(wide[flat].sum(), 1)))


def _without(grey: Levels, thick: int) -> Levels:
    """Grey levels (h, w) without the lines that run from left to right and are at most so thick."""
    lines = cv2.dilate(_Lines(grey, thick).pixels.astype(np.uint8), np.ones((3, 1), np.uint8))
    return np.where(lines > 0, _paper(grey, thick), grey)
