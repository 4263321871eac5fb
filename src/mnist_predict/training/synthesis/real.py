"""Whole numbers that real hands wrote, as strips: moved, sheared, in other contrast, light, noise and sharpness."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.training.handwriting import Sample, Strokes
from mnist_predict.training.synthesis.camera import Strip, photographed
from mnist_predict.training.synthesis.generator import Labelled
from mnist_predict.training.synthesis.paper import Grey, Papers
from mnist_predict.training.synthesis.style import HEIGHT
from mnist_predict.training.synthesis.writing import LONGEST
from mnist_predict.vision.read.alphabet import CURRENCY, MARKS, OTHER, STRUCK

FINE = 4  # strokes are drawn so much larger, and shrunk
AS_READ = 0.5  # of labelled parts, how many are shown in about the crops that a reader looks at


def strip(
    samples: Sequence[Sample], papers: Papers, rng: np.random.Generator, plain: float, as_read: float = 0.0
) -> Labelled:
    """A strip of one of these numbers, chosen at random.

    A picture's label may leave out marks that stand there; what is not a number at all may be struck out. `as_read`:
    how often a picture is shown in about the crop that it is, not cut down to its writing.
    """
    sample = samples[int(rng.integers(len(samples)))]
    if isinstance(sample.ink, list):
        ink = _written(sample.ink, rng)
        return Labelled(photographed(ink, papers, rng, plain, 0.8), sample.label, OTHER)
    loose = MARKS + CURRENCY + OTHER + ("" if sample.label else STRUCK)
    return Labelled(pictured(sample.ink, papers, rng, rng.random() >= as_read), sample.label, loose)


def pictured(grey: NDArray[np.uint8], papers: Papers, rng: np.random.Generator, closer: bool = True) -> Strip:
    """A strip `(32, w)` of grey pixels `(h, w')`, never twice the same; `closer`: cut down to the writing first.

    Where it is not, it is moved by as much as the crops that a reader looks at differ (`vision.read.ensemble`).
    """
    if closer:
        grey = _closer(grey)
    h, w = grey.shape
    low, high = (0.0, 0.35) if closer else (-0.12, 0.1)
    top, bottom = rng.uniform(low, high, 2) * h
    left, right = rng.uniform(-0.02, 0.3 if closer else 0.1, 2) * h
    scale = HEIGHT / (h + top + bottom)
    across = scale * float(np.exp(rng.normal(0, 0.08)))
    wide = min(max(round((w + left + right) * across), 12), LONGEST)
    shear = rng.normal(0, 0.08)
    slope = rng.normal(0, 0.02)
    to = np.array(
        [
            [across, -shear * scale, left * across + shear * HEIGHT / 2],
            [slope * scale, scale, top * scale - slope * scale * w / 2],
        ]
    )
    source = cv2.GaussianBlur(grey, (0, 0), 0.4 / scale) if scale < 1 else grey
    moved = cv2.warpAffine(source, to, (wide, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    strip = moved.astype(np.float32) / 255
    middle = float(strip.mean())
    strip = (strip - middle) * np.float32(rng.uniform(0.5, 1.2)) + np.float32(
        np.clip(middle + rng.normal(0, 0.1), 0, 1)
    )
    if rng.random() < 0.4:
        strip = np.asarray(cv2.GaussianBlur(strip, (0, 0), rng.uniform(0.3, 0.9)), np.float32)
    if rng.random() < 0.4:
        strip = strip * papers.light(wide)
    if rng.random() < 0.4:
        strip = strip + np.float32(rng.uniform(0.005, 0.06)) * papers.grain(wide)
    if rng.random() < 0.1:
        strip = 1 - strip
    return np.asarray(np.clip(strip * 255, 0, 255), np.uint8)


def _closer(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The rows in which writing stands: crops of registers are higher than what is written, and have rules."""
    dark = np.asarray(cv2.GaussianBlur(255 - grey, (0, 0), 1), np.uint8)
    level, _ = cv2.threshold(dark, 0, 255, cv2.THRESH_OTSU)
    ink = dark > level
    ink[:, ink.mean(0) > 0.6] = False
    ink[ink.mean(1) > 0.5] = False
    mass = np.cumsum(ink.sum(1))
    if mass[-1] < 20:
        return grey
    top, bottom = np.searchsorted(mass, (0.03 * mass[-1], 0.97 * mass[-1]))
    by = max((bottom - top) // 10, 1)
    return grey[max(top - by, 0) : bottom + by + 1]


def _written(strokes: Strokes, rng: np.random.Generator) -> Grey:
    """Strokes as ink `(32, w)` from 0 to 1, by a pen of any width."""
    points = [stroke @ np.array([[1.0, 0.0], [-rng.normal(0, 0.1), 1.0]]) for stroke in strokes]
    both = np.concatenate(points)
    low, size = both.min(0), np.maximum(np.ptp(both, 0), 1e-3)
    pen = HEIGHT * float(np.exp(rng.uniform(np.log(0.03), np.log(0.12))))
    margins = pen / 2 + rng.uniform(0.2, 6, (2, 2))
    scale = min((HEIGHT - margins[:, 1].sum()) / size[1], (LONGEST - margins[:, 0].sum()) / size[0])
    wide = int(size[0] * scale + margins[:, 0].sum())
    layer = np.zeros((HEIGHT * FINE, max(wide, 8) * FINE), np.uint8)
    for stroke in points:
        placed = ((stroke - low) * scale + margins[0]) * FINE
        cv2.polylines(layer, [np.round(placed * 16).astype(np.int32)], False, 255, max(1, round(pen * FINE)), 8, 4)
    small = cv2.resize(layer, (layer.shape[1] // FINE, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(small * np.float32(1 / 255), np.float32)
