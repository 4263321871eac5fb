"""Pages to measure on: several numbers of hands that are not trained on, in rows, between rules of a form."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.training import mnist as dataset

Grey = NDArray[np.uint8]

HIGH, WIDE = 260, 420  # pixels of a page


class Page(NamedTuple):
    """Grey pixels (h, w), and the numbers on it in reading order."""

    pixels: Grey
    numbers: tuple[str, ...]


def pages(data: Path, count: int, seed: int = 5) -> list[Page]:
    """So many pages with digits of MNIST's held-out part: two or three rows of one number or two."""
    pictures, labels = dataset.load(data, "train")
    held_out = dataset.split(len(pictures))[1]
    rng = np.random.default_rng(seed)
    return [_page(pictures[held_out], labels[held_out], rng) for _ in range(count)]


def _page(pictures: Grey, labels: Grey, rng: np.random.Generator) -> Page:
    ink = np.zeros((HIGH, WIDE), np.uint8)
    rows = int(rng.integers(2, 4))
    numbers = []
    for row in range(rows):
        x, y = int(rng.integers(15, 40)), 12 + row * (HIGH // rows)
        for _ in range(int(rng.integers(1, 3))):
            chosen = rng.integers(0, len(pictures), int(rng.integers(1, 5)))
            side = int(rng.integers(34, 46))
            if x + len(chosen) * (side - 8) > WIDE - 20:
                break
            for one in chosen:
                digit = cv2.resize(pictures[one], (side, side), interpolation=cv2.INTER_CUBIC)
                part = ink[y : y + side, x : x + side]
                np.maximum(part, digit, out=part)
                x += side - int(rng.integers(8, 13))
            numbers.append("".join(str(labels[one]) for one in chosen))
            x += int(rng.integers(95, 130))
        if rng.random() < 0.3:
            below = y + 56
            cv2.line(ink, (5, below), (WIDE - 5, below + int(rng.integers(-2, 3))), int(rng.integers(60, 160)), 1)
    if rng.random() < 0.3:
        at = int(rng.integers(3, 9))
        cv2.line(ink, (at, 0), (at, HIGH), int(rng.integers(80, 200)), int(rng.integers(1, 4)))
    paper = 235 - 12 * rng.random() * np.linspace(0, 1, WIDE)[None] + rng.normal(0, 3, (HIGH, WIDE))
    return Page(np.asarray(np.clip(paper * (1 - ink / 300), 0, 255), np.uint8), tuple(numbers))
