"""Ink on paper as a camera, a scanner or a drawing program gives it: light, blur, low resolution, noise, JPEG.

Half of the strips are seen well, as most pictures are that people keep; the others range to what can hardly be read.
Some are spoilt as in the corruptions that are trained on (`corruptions.py`); its held-out kinds are not made here.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.training.synthesis.paper import Grey, Papers

Strip = NDArray[np.uint8]

LEAST = 10  # pixels, the height of what is written at the lowest resolution


def photographed(ink: Grey, papers: Papers, rng: np.random.Generator, plain: float, fine: float) -> Strip:
    """Ink (h, w) from 0 to 1 as a strip uint8 (h, w); the share `plain` is clean ink on clean paper.

    `fine`: the height of what is written over that of the strip: what is small can bear less.
    """
    width = ink.shape[1]
    if rng.random() < plain:
        return np.asarray(255 * (ink if rng.random() < 0.2 else 1 - ink), np.uint8)
    well = rng.random() < 0.5
    if rng.random() < 0.06:
        ink = _hollow(ink) if rng.random() < 0.4 else _grainy(ink, rng)
    contrast = rng.uniform(0.3 if well else 0.15, 0.95)
    strip = ink * np.float32(rng.uniform(0.7, 1)) if rng.random() < 0.6 else ink
    if rng.random() < 0.8:
        paper = papers.make(width)
        if well:
            paper = paper * np.float32(rng.uniform(0.3, 0.8))
        strip = np.maximum(strip, paper) if rng.random() < 0.3 else strip + paper * (1 - strip)
    if rng.random() < 0.03:
        strip = _through_glass(strip, papers, rng, fine)
    if rng.random() < 0.5:
        blur = rng.uniform(0.3, 0.7 if well else 1.2) * max(fine, 0.5)
        strip = np.asarray(cv2.GaussianBlur(strip, (0, 0), blur), np.float32)
    if rng.random() < 0.3:
        small = rng.uniform(0.6 if well else 0.4, 0.9)
        strip = _coarse(strip, max(small, min(LEAST / (fine * len(strip)), 1)), rng)
    if well and rng.random() < 0.2:
        strip = (strip > rng.uniform(0.3, 0.5)).astype(np.float32)
    if rng.random() < 0.04:
        strip = strip + np.float32(rng.uniform(0.15, 0.45)) * papers.noise(width)  # fog
    white = rng.uniform(0.5 + contrast / 2, 1.0) if rng.random() < 0.7 else rng.uniform(contrast, 1.0)
    grey = white - contrast * strip
    if rng.random() < 0.5:
        grey = grey * papers.light(width)
    if rng.random() < 0.5:
        grey = grey + np.float32(contrast * rng.uniform(0.01, 0.06 if well else 0.12)) * papers.grain(width)
    if rng.random() < 0.15:
        grey = 1 - grey
    out = np.asarray(np.clip(grey * 255, 0, 255), np.uint8)
    if rng.random() < 0.25:
        _, coded = cv2.imencode(".jpg", out, (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 75))))
        out = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return out


def resized(grey: Grey, w: int, h: int, how: int) -> Grey:
    """Grey levels (h', w') at another size."""
    return np.asarray(cv2.resize(grey, (w, h), interpolation=how), np.float32)


def _coarse(strip: Grey, small: float, rng: np.random.Generator) -> Grey:
    """At so much of its resolution, and enlarged again."""
    h, w = strip.shape
    how = cv2.INTER_AREA if rng.random() < 0.7 else cv2.INTER_LINEAR
    strip = resized(strip, max(4, round(w * small)), round(h * small), how)
    how = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[int(rng.choice(3, p=(0.5, 0.4, 0.1)))]
    return resized(strip, w, h, how)


def _hollow(ink: Grey) -> Grey:
    """Only the outline of what is written."""
    soft = cv2.GaussianBlur(ink, (0, 0), 0.7)
    return np.asarray(np.clip(1.5 - 3 * np.abs(soft - 0.5), 0, 1), np.float32)


def _grainy(ink: Grey, rng: np.random.Generator) -> Grey:
    """Light counted grain by grain, few to full ink."""
    grains = rng.uniform(2, 6)
    return np.clip(rng.poisson(ink * grains) / grains, 0, 1.5).astype(np.float32)


def _through_glass(strip: Grey, papers: Papers, rng: np.random.Generator, fine: float) -> Grey:
    """Each pixel from somewhere near."""
    h, w = strip.shape
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    force = np.float32(rng.uniform(0.4, 1.0) * fine)
    x, y = x + force * papers.grain(w), y + force * papers.grain(w)
    return np.asarray(cv2.remap(strip, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
