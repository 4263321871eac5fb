"""Digits as the reader cuts them out of pictures, which MNIST does not show: what the digit network is asked in use.

They come from strips (`synthesis`), whose digits layout takes apart, and from spoilt digits of MNIST (`corruptions`,
but for the kinds held out). What it takes for a digit where there is none is taught to be any digit alike (outlier
exposure: Hendrycks, Mazeika and Dietterich, ICLR 2019).
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.training import mnist
from mnist_predict.training.evaluation.corruptions import HELD_OUT, KINDS, corrupt
from mnist_predict.training.line import batches
from mnist_predict.training.synthesis.generator import Synthesis
from mnist_predict.training.synthesis.paper import Papers
from mnist_predict.training.synthesis.style import HEIGHT
from mnist_predict.vision.find.ink import find_ink
from mnist_predict.vision.find.layout import find_numbers
from mnist_predict.vision.read.normalize import normalize

NONE = -1  # the label of what is no digit
STRIPS, SPOILT = 4, 8  # one strip to so many pictures of MNIST, and one spoilt digit

Seen = tuple[NDArray[np.uint8], NDArray[np.int64]]
_Labelled = Iterator[tuple[NDArray[np.uint8], int]]


def digits(data: Path, hands: Path | None, rng: np.random.Generator) -> Seen:
    """Pictures `[N, 28, 28]` (ink = 255) and labels `[N]`, from 0 to 9 or NONE."""
    pictures, labels = mnist.load(data, "train")
    kept = mnist.split(len(pictures))[0]
    found = [
        *_of_strips(data, hands, len(kept) // STRIPS, rng),
        *_spoilt(pictures[kept], labels[kept], len(kept) // SPOILT, rng),
    ]
    return np.stack([picture for picture, _ in found]), np.array([label for _, label in found])


def _of_strips(data: Path, hands: Path | None, count: int, rng: np.random.Generator) -> _Labelled:
    source = batches.open_source(data, hands, False, int(rng.integers(2**31)))
    synthesis = Synthesis(source.bank, Papers(HEIGHT, source.words, rng), rng)
    for _ in range(count):
        strip, label, *_ = synthesis.strip()
        larger = float(rng.uniform(1, 3))
        cut = _cut(cv2.resize(strip, None, fx=larger, fy=larger, interpolation=cv2.INTER_CUBIC))
        if not label:
            yield from ((digit, NONE) for digit in cut)
        elif len(cut) == len(label) and label.isdecimal():
            yield from zip(cut, map(int, label), strict=True)


def _spoilt(pictures: mnist.Bytes, labels: mnist.Bytes, count: int, rng: np.random.Generator) -> _Labelled:
    kinds = [kind for kind in KINDS if kind not in HELD_OUT]
    for i in rng.integers(0, len(pictures), count):
        cut = _cut(corrupt(pictures[i], kinds[rng.integers(len(kinds))], rng))
        if len(cut) == 1:
            yield cut[0], int(labels[i])


def _cut(grey: np.ndarray) -> list[NDArray[np.uint8]]:
    """What layout takes for digits, if it is all one number."""
    ink = find_ink(np.asarray(grey, np.uint8))
    found = [] if ink is None else find_numbers(ink)
    if len(found) != 1:
        return []
    return [np.round(255 * normalize(digit.ink)).astype(np.uint8) for digit in found[0]]
