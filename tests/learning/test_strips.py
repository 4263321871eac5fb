"""Which part of a picture a label is of."""

import cv2
import numpy as np
import pytest
from web_examples import mnist_digits, picture_of

from mnist_predict.learning.strips import TALLEST, parts
from mnist_predict.vision.read.line import to_strip
from mnist_predict.vision.recognizer import Recognizer


def page_of(*numbers: str) -> bytes:
    """Numbers below each other, far apart, dark on light."""
    page = np.zeros((90 * len(numbers) + 40, 400), np.uint8)
    for row, number in enumerate(numbers):
        for at, digit in enumerate(number):
            page[30 + 90 * row : 58 + 90 * row, 30 + 24 * at : 58 + 24 * at] = mnist_digits()[int(digit)]
    return cv2.imencode(".png", 255 - cv2.resize(page, None, fx=2, fy=2))[1].tobytes()


def read(reader: Recognizer, grey: np.ndarray) -> str:
    return reader.read_pixels(to_strip(grey)).number


@pytest.mark.parametrize("number", ["4072", "35", "9"])
def test_a_number_that_was_read_right_is_cut_out(reader: Recognizer, number: str) -> None:
    found = parts(picture_of(number), number, reader)
    assert found
    assert all(read(reader, grey) == number for grey in found)
    assert all(grey.shape[0] <= TALLEST for grey in found)


def test_of_several_numbers_the_one_that_the_label_names_is_cut_out(reader: Recognizer) -> None:
    data = page_of("4072", "528", "96")
    for number in ("4072", "528", "96"):
        (found,) = parts(data, number, reader)
        assert read(reader, found) == number


def test_what_a_person_calls_no_number_is_what_was_taken_for_one(reader: Recognizer) -> None:
    found = parts(page_of("4072", "528"), "", reader)
    assert {read(reader, grey) for grey in found} == {"4072", "528"}
    assert parts(picture_of(""), "", reader) == []


def test_a_file_that_is_no_picture_teaches_nothing(reader: Recognizer) -> None:
    assert parts(b"not a picture", "12", reader) == []
