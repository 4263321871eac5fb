"""Which part of a picture a label is of."""

import numpy as np
import pytest
from web_examples import page_of, picture_of

from mnist_predict.learning.strips import TALLEST, parts
from mnist_predict.reading import Box, Place
from mnist_predict.vision.read.line import to_strip
from mnist_predict.vision.recognizer import Recognizer


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


def test_of_a_page_whose_numbers_were_told_one_by_one_each_label_has_its_own_part(reader: Recognizer) -> None:
    data = page_of("4072", "528", "96")
    numbers = reader.read(data).numbers
    labels = ("", "523", "528")  # the last as if it had been read wrong, and though this stands above it, too
    found = [parts(data, label, reader, number.place) for label, number in zip(labels, numbers, strict=True)]
    assert [[read(reader, grey) for grey in each] for each in found] == [["4072"], ["528"], ["96"]]


@pytest.mark.parametrize(
    "place", [Place(1, Box(0, 0, 9, 9)), Place(0, Box(790, 0, 99, 9)), Place(0, Box(0, 0, 9, 10**9))]
)
def test_a_place_that_is_not_in_the_picture_teaches_nothing(reader: Recognizer, place: Place) -> None:
    assert parts(page_of("4072"), "4072", reader, place) == []


def test_what_a_person_calls_no_number_is_what_was_taken_for_one(reader: Recognizer) -> None:
    found = parts(page_of("4072", "528"), "", reader)
    assert {read(reader, grey) for grey in found} == {"4072", "528"}
    assert parts(picture_of(""), "", reader) == []


def test_a_file_that_is_no_picture_teaches_nothing(reader: Recognizer) -> None:
    assert parts(b"not a picture", "12", reader) == []
