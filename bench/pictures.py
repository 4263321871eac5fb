"""The pictures that are uploaded: single digits of MNIST's test set, 84 x 84 black on white PNG, each another one."""

from pathlib import Path

import cv2

from mnist_predict.training import dataset


def pictures(count: int) -> list[bytes]:
    """So many PNGs of about 1.5 kB."""
    digits, _ = dataset.load(Path("data/mnist"), "t10k")
    large = (cv2.resize(d, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC) for d in digits[:count])
    return [cv2.imencode(".png", 255 - d)[1].tobytes() for d in large]
