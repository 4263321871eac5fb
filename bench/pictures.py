"""The pictures that are measured with, made of MNIST's test set: single digits, amounts on paper, a photograph.

A single digit is 84 x 84 black on white PNG, each another one.
"""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.training import mnist as dataset

Grey = npt.NDArray[np.uint8]


def pictures(count: int) -> list[bytes]:
    """So many PNGs of single digits, of about 1.5 kB."""
    return [_encoded(".png", 255 - _enlarged(digit, 84)) for digit in _digits(count)]


def amounts(count: int) -> list[bytes]:
    """So many JPEGs of five digits that nearly touch, on the pattern and the line of a cheque, about 240 x 80."""
    digits = _digits(5 * count)
    rng = np.random.default_rng(7)
    return [
        _encoded(".jpg", _on_paper(_row(digits[5 * i : 5 * i + 5], 60), (80, 250), rng, lined=True))
        for i in range(count)
    ]


def photograph() -> bytes:
    """A JPEG of 12 megapixels, of one number of four digits on a sheet in uneven light."""
    return _encoded(".jpg", _on_paper(_row(_digits(4), 700), (3000, 4000), np.random.default_rng(7), lined=False))


def _digits(count: int) -> Grey:
    return dataset.load(Path("data/mnist"), "t10k")[0][:count]


def _row(digits: Grey, tall: int) -> Grey:
    """Digits side by side, as close as they are written."""
    return np.hstack([_enlarged(digit[:, 4:24], tall) for digit in digits])


def _on_paper(ink: Grey, size: tuple[int, int], rng: np.random.Generator, lined: bool) -> Grey:
    """Ink in the middle of a sheet that is darker on one side and grained."""
    height, width = size
    coarse = rng.normal(0, 14 if lined else 3, (height // 8, width // 8))
    paper = 190 + np.linspace(-25, 25, width) + cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    h, w = ink.shape
    top, left = (height - h) // 2, (width - w) // 2
    if lined:
        paper[top + h - 4 : top + h - 2] -= 50
    paper[top : top + h, left : left + w] -= ink * 0.5
    return np.clip(paper + rng.normal(0, 2, size), 0, 255).astype(np.uint8)


def _enlarged(digit: Grey, tall: int) -> Grey:
    by = tall / len(digit)
    return np.asarray(cv2.resize(digit, None, fx=by, fy=by, interpolation=cv2.INTER_CUBIC), np.uint8)


def _encoded(kind: str, picture: Grey) -> bytes:
    return bytes(cv2.imencode(kind, picture)[1].tobytes())
