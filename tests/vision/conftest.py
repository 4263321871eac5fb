"""A recognizer with a trained model, and pages written with MNIST's test digits."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from mnist_predict.vision.recognizer import Recognizer, open_recognizer

Pixels = npt.NDArray[np.uint8]

PICTURES = Path(__file__).parent / "pictures"


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    return open_recognizer(os.environ.get("MNIST_PREDICT_MODEL", ""))


@pytest.fixture(scope="session")
def glyphs(mnist_test, recognizer) -> dict[int, list[Pixels]]:
    """Test digits by value, (h, w) uint8 with ink 255, cropped to their ink; well-written ones: the network
    is sure of them, so that what fails is the way from the picture to the network."""
    pictures, labels = mnist_test
    sure = recognizer.classifier.probabilities(pictures[:1000].astype(np.float32) / 255)
    found: dict[int, list[Pixels]] = {value: [] for value in range(10)}
    for picture, label, row in zip(pictures, labels, sure, strict=False):
        one_piece = cv2.connectedComponents((picture > 25).astype(np.uint8))[0] == 2
        if row[label] == sure.max(axis=0)[label] or (row[label] > 0.9 and one_piece):
            rows, columns = np.nonzero(picture > 25)
            crop = picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
            if one_piece:
                found[int(label)].append(crop)
    return found


@pytest.fixture(scope="session")
def write(glyphs) -> Callable[..., Pixels]:
    """Writes a number, dark on white: `write("407", height=40, gap=0.3, margin=0.5)`; lengths in digit heights."""

    def make(number: str, height: int = 40, gap: float = 0.3, margin: float = 0.5, which: int = 0) -> Pixels:
        space = np.zeros((height, round(gap * height)), np.uint8)
        strip: list[Pixels] = []
        for character in number:
            if character == " ":
                strip.append(np.zeros((height, round(1.5 * height)), np.uint8))
                continue
            choice = glyphs[int(character)]
            glyph = choice[which % len(choice)]
            size = max(1, round(glyph.shape[1] * height / glyph.shape[0])), height
            way = cv2.INTER_AREA if height < glyph.shape[0] else cv2.INTER_CUBIC
            strip += [cv2.resize(glyph, size, interpolation=way), space]
        return 255 - np.pad(np.hstack(strip[:-1]), round(margin * height))

    return make


@pytest.fixture(scope="session")
def heic() -> bytes:
    """A 7, black on white, 104 x 84."""
    return (PICTURES / "seven.heic").read_bytes()


@pytest.fixture(scope="session")
def turned_heic() -> bytes:
    """The same, stored turned by 90 degrees with a note to turn it back."""
    return (PICTURES / "seven_turned.heic").read_bytes()
