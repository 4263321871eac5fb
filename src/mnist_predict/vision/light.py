"""A picture under other light: ways to take the unevenness of paper and lamp out of it.

None is right for all pictures: each is a view, and `ink` takes the one in which paper and ink stand apart best.
"""

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

DOUBT = 0.14  # how much more evidence is asked where strokes have been guessed at already

Levels = npt.NDArray[np.uint8]
Grey = npt.NDArray[np.float32]


def views(levels: Levels) -> Iterator[tuple[Levels | Grey, float]]:
    """The picture as it is; under even light: over a smooth surface, over the local median, over the paper that
    strokes are taken away from (which keeps the edges of shadows); and smoothed. With each, how much more
    evidence is asked of it."""
    yield levels, 0.0
    grey: Grey = levels.astype(np.float32)
    small = shrunk(grey, 48)
    even = grey - _enlarged(_surface(small), grey)
    yield even, 0.0
    if min(small.shape) >= 16:
        yield grey - _enlarged(_local_median(small), grey), 0.0
    if min(grey.shape) >= 32:
        small = shrunk(grey, 192)
        side = min(small.shape) // 3 | 1  # strokes are thinner than that
        around = np.ones((side, side), np.uint8)
        for way in (cv2.MORPH_CLOSE, cv2.MORPH_OPEN):  # takes away dark, light strokes
            paper = np.asarray(cv2.morphologyEx(small, way, around), np.float32)
            yield grey - _enlarged(paper, grey), DOUBT
    yield np.asarray(cv2.GaussianBlur(even, (3, 3), 0), np.float32), 0.0


def shrunk(grey: Levels | Grey, longest: int) -> Grey:
    """The picture averaged down to at most this many pixels wide and high."""
    h, w = grey.shape
    scale = min(1.0, longest / max(h, w))
    size = max(1, round(w * scale)), max(1, round(h * scale))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)


def _enlarged(small: Grey, grey: Grey) -> Grey:
    return np.asarray(cv2.resize(small, grey.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _local_median(small: Grey) -> Grey:
    """The paper around each place: the median over a third of the picture, where strokes are a minority."""
    low, high = float(small.min()), float(small.max())
    scale = 255.0 / max(high - low, 1.0)
    levels = ((small - low) * scale).astype(np.uint8)
    median = np.asarray(cv2.medianBlur(levels, min(small.shape) // 3 | 1), np.float32)
    median = np.asarray(cv2.GaussianBlur(median, (0, 0), 2), np.float32)
    return median / np.float32(scale) + np.float32(low)


def _surface(small: Grey) -> Grey:
    """Quadratic surface through the paper: least squares, repeated without what lies far off."""
    h, w = small.shape
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
    values = small.ravel().astype(np.float64)
    weight = np.ones(values.shape)
    fitted = values
    for _ in range(4):
        weighted = basis * weight[:, None]
        fitted = basis @ np.linalg.lstsq(weighted.T @ basis, weighted.T @ values, rcond=None)[0]
        off = np.abs(values - fitted)
        weight = (off <= 1.5 * max(float(np.median(off)) / 0.6745, 1.0)).astype(np.float64)
    return np.asarray(fitted.reshape(h, w), np.float32)
