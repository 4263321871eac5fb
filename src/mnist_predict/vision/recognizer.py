"""Picture -> reading: the whole way, with the network of one model version."""

import math
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.models.registry import open_version
from mnist_predict.reading import Box, Digit, Number, Reading, together, union
from mnist_predict.vision.advice import DARKNESS, advise, dark
from mnist_predict.vision.classifier import Classifier
from mnist_predict.vision.decode import BLANK
from mnist_predict.vision.decode import decode as decode_strip
from mnist_predict.vision.expect import Expectation
from mnist_predict.vision.fitting import as_expected, confidence
from mnist_predict.vision.ink import find_ink
from mnist_predict.vision.layout import DigitInk, find_numbers
from mnist_predict.vision.normalize import normalize
from mnist_predict.vision.picture import decode_pages
from mnist_predict.vision.raster import Picture

NO_INK = "Nothing is written here that stands out from the paper. Use a darker pen or more light."
NO_DIGITS = "This does not look like a handwritten number. Send a picture of the number alone."


class Recognizer:
    """Reads pictures with one model version; thread-safe."""

    def __init__(self, classifier: Classifier, model_version: str) -> None:
        cv2.setNumThreads(1)  # as the classifier: the server has a worker for each core
        self.classifier = classifier
        self.model_version = model_version

    def read(self, data: bytes, expected: Expectation | None = None) -> Reading:
        """What the picture in these bytes shows, on all its pages. Raises the errors of `picture.decode_pages`."""
        return together([self._read(page, expected) for page in decode_pages(data)])

    def read_pixels(self, pixels: npt.NDArray[np.uint8], expected: Expectation | None = None) -> Reading:
        """What (h, w) grey or (h, w, 3) RGB uint8 pixels show."""
        height, width = pixels.shape[:2]
        return self._read(Picture(pixels, (width, height), 1.0), expected)

    def _read(self, picture: Picture, expected: Expectation | None) -> Reading:
        ink = find_ink(picture.pixels)
        if ink is None:
            return self._none(NO_INK, picture)
        found = find_numbers(ink.density)
        if not found:
            return self._none(NO_DIGITS, picture)
        digits = np.stack([normalize(digit.ink) for number in found for digit in number])
        probabilities = self.classifier.probabilities(digits)
        if not _legible(probabilities):
            return self._none(NO_DIGITS, picture)
        rows = iter(probabilities.tolist())
        numbers = tuple(_number(number, rows, picture) for number in found)
        primary = max(range(len(numbers)), key=lambda i: numbers[i].prominence)
        reading = Reading(numbers, primary, (), self.model_version)
        if expected is not None:
            reading = as_expected(reading, [_fitted(number, expected) for number in numbers], expected)
        return replace(reading, advice=reading.advice + advise(picture, ink, numbers[primary]))

    def _none(self, reason: str, picture: Picture) -> Reading:
        advice = (reason, DARKNESS) if dark(picture.pixels) else (reason,)
        return Reading((), None, advice, self.model_version)


def open_recognizer(model: str) -> Recognizer:
    """The recognizer of the model version in that folder, loaded; empty: of the one that ships."""
    version = open_version(model)
    return Recognizer(Classifier(version.folder), version.name)


def _legible(probabilities: npt.NDArray[np.float32]) -> bool:
    """Whether the network is as sure of these digits (n, 10) as it is of writing.

    Of a page of writing it is sure to 0.95 or so, of print and textures to 0.8 or less; the fewer digits, the
    less the mean of their top probabilities says, and the less is asked.
    """
    return float(probabilities.max(axis=1).mean()) >= 0.9 - 0.75 / math.sqrt(len(probabilities))


def _number(number: list[DigitInk], rows: Iterator[list[float]], picture: Picture) -> Number:
    read = []
    for digit in number:
        row = next(rows)
        read.append(Digit(row.index(max(row)), _original(digit.box, picture), tuple(row)))
    text = "".join(str(digit.value) for digit in read)
    confidence = math.prod(max(digit.probabilities) for digit in read)
    return Number(text, confidence, 0, union([digit.box for digit in read]), tuple(read))


def _fitted(number: Number, expected: Expectation) -> Number | None:
    """The number as the likeliest one that fits; None where none of as many digits does."""
    strip = np.full((2 * len(number.digits) - 1, BLANK + 1), -np.inf, np.float32)
    strip[1::2, BLANK] = 0.0  # between two digits
    strip[::2, :BLANK] = np.log(np.maximum([digit.probabilities for digit in number.digits], 1e-9))
    decoded = decode_strip(strip, expected)
    if decoded is None:
        return None
    digits = [replace(digit, value=int(value)) for digit, value in zip(number.digits, decoded.text, strict=True)]
    return replace(number, text=decoded.text, confidence=confidence(decoded), digits=tuple(digits))


def _original(box: Box, picture: Picture) -> Box:
    """A box in decoded pixels as a box in pixels of the upright original, inside it."""
    (x, y, w, h), scale = box, picture.scale
    width, height = picture.size
    left, top = min(int(x * scale), width - 1), min(int(y * scale), height - 1)
    right, bottom = min(math.ceil((x + w) * scale), width), min(math.ceil((y + h) * scale), height)
    return left, top, right - left, bottom - top
