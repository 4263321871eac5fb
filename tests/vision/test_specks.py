"""Salt and pepper: single pixels that are black or white, whatever lies around them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_predict.vision.specks import without_specks


def peppered(page, share: float):
    random = np.random.default_rng(3)
    return np.where(random.random(page.shape) < share, random.choice([0, 255], page.shape), page).astype(np.uint8)


@pytest.mark.parametrize("number", ["4072", "36", "9581"])
@pytest.mark.parametrize("height", [20, 40])
def test_a_number_among_specks(recognizer, write, number, height):
    assert recognizer.read_pixels(peppered(write(number, height), 0.2)).number == number


def test_specks_alone_are_no_number(recognizer):
    for size in (40, 200):
        assert recognizer.read_pixels(peppered(np.full((size, 2 * size), 230, np.uint8), 0.2)).number == ""


@pytest.mark.parametrize("height", [14, 20, 60])
def test_a_clean_page_stays_as_it_is(write, height):
    page = write("4072", height)
    assert without_specks(page) is page


def test_in_the_smallest_pictures_single_pixels_are_writing():
    page = peppered(np.full((16, 16), 255, np.uint8), 0.2)
    assert without_specks(page) is page


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_any_picture_keeps_its_shape(grey):
    clean = without_specks(grey)
    assert (clean.shape, clean.dtype) == (grey.shape, grey.dtype)
