"""What is written on ruled and squared paper is read, and no stroke of a digit is taken for a line of paper."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_predict.vision.rules import without_rules


def on_paper(number, squared: bool, cell: int, pen: int, strength: int, turn: float = 0.0):
    """A page (h, w) of that paper, with a number (h, w), dark on 255, written across its lines."""
    h, w = number.shape[0] + 7 * cell, number.shape[1] + 8 * cell
    page = np.full((h, w), 235, np.uint8)
    for y in range(cell // 2, h, cell):
        page[y : y + pen] = 235 - strength
    for x in range(cell // 3, w if squared else 0, cell):
        page[:, x : x + pen] = 235 - strength
    part = page[3 * cell : 3 * cell + number.shape[0], 4 * cell : 4 * cell + number.shape[1]]
    np.minimum(part, number, out=part)
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), turn, 1.05)
    soft = cv2.warpAffine(cv2.GaussianBlur(page, (3, 3), 0), matrix, (w, h), borderMode=cv2.BORDER_REFLECT)
    noise = np.random.default_rng(1).normal(0, 2, soft.shape)
    return np.clip(soft + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("number", ["4072", "36", "9581"])
@pytest.mark.parametrize("turn", [0, 4])
@pytest.mark.parametrize(
    ("squared", "cell", "pen", "strength"), [(True, 24, 1, 40), (True, 30, 2, 110), (False, 36, 2, 70)]
)
def test_writing_on_ruled_and_squared_paper(recognizer, write, number, turn, squared, cell, pen, strength):
    page = on_paper(write(number, 60, margin=0), squared, cell, pen, strength, turn)
    assert recognizer.read_pixels(page).number == number


@pytest.mark.parametrize("squared", [True, False])
def test_a_page_as_large_as_a_photograph(recognizer, write, squared):
    page = on_paper(write("4072", 60, margin=0), squared, 30, 2, 70)
    large = cv2.resize(page, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    assert recognizer.read_pixels(large).number == "4072"


@pytest.mark.parametrize("shape", [(100, 200_000), (200_000, 100)])
def test_a_strip_of_any_length_is_looked_at(shape):
    strip = np.full(shape, 230, np.uint8)
    assert without_rules(strip) is strip


def test_chalk_on_a_squared_board(recognizer, write):
    assert recognizer.read_pixels(255 - on_paper(write("4072", 60, margin=0), True, 28, 2, 80)).number == "4072"


def test_squared_paper_with_nothing_on_it_is_no_number(recognizer):
    for strength in (40, 110):
        assert recognizer.read_pixels(on_paper(np.full((60, 90), 255, np.uint8), True, 30, 2, strength)).number == ""


@pytest.mark.parametrize("number", ["1111", "4444", "8", "71", "11"])
@pytest.mark.parametrize("margin", [0, 0.3])
def test_strokes_of_digits_are_no_lines_of_paper(write, number, margin):
    page = write(number, 90, margin=margin)
    assert without_rules(page) is page


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 140), st.integers(1, 140))))
def test_any_picture_keeps_its_size_and_is_not_written_on(grey):
    before = grey.copy()
    found = without_rules(grey)
    assert found.shape == grey.shape
    assert found.dtype == np.uint8
    assert np.array_equal(grey, before)
