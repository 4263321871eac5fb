"""Writing on dark heads of tables, on stripes and in shadows with straight edges; what is no band stays as it is."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_predict.vision.bands import on_one_ground
from mnist_predict.vision.raster import Picture
from mnist_predict.vision.strip import strip_of


def photographed(page, seed: int):
    """With a lens, a sensor and JPEG."""
    noise = np.random.default_rng(seed).normal(0, 3, page.shape)
    pixels = np.clip(cv2.GaussianBlur(page.astype(np.float32), (0, 0), 1) + noise, 0, 255)
    return cv2.imdecode(cv2.imencode(".jpg", pixels)[1], cv2.IMREAD_GRAYSCALE)


def beside(write, upper: str, lower: str, turned: bool):
    """Two numbers, dark on 255, one above the other or, turned, the pages side by side; and where the second begins."""
    pages = [write(number, 40, margin=0.9) for number in (upper, lower)]
    axis = 1 if turned else 0
    long = max(page.shape[1 - axis] for page in pages)
    padded = [
        np.pad(page, [(0, 0 if at == axis else long - page.shape[at]) for at in (0, 1)], constant_values=255)
        for page in pages
    ]
    return np.concatenate(padded, axis), padded[0].shape[axis]


@pytest.mark.parametrize(("upper", "lower"), [("4072", "398"), ("95", "6840")])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("first", [True, False])
def test_numbers_on_a_dark_head_and_below_it(recognizer, write, upper, lower, turned, first):
    page, cut = beside(write, upper, lower, turned)
    grey = 60 + 0.65 * page
    head = (slice(None), slice(cut)) if turned else (slice(cut),)
    grey[head] = 255 - grey[head]
    pixels = photographed(grey if first else 255 - grey, 1)
    assert [number.text for number in recognizer.read_pixels(pixels).numbers] == [upper, lower]


@pytest.mark.parametrize(("upper", "lower"), [("4072", "398"), ("95", "6840")])
@pytest.mark.parametrize("light", [0.35, 0.6])
def test_numbers_in_a_shadow_with_a_straight_edge_and_beside_it(recognizer, write, upper, lower, light):
    page, cut = beside(write, upper, lower, False)
    grey = 40 + 0.7 * page
    grey[:cut] *= light
    assert [n.text for n in recognizer.read_pixels(photographed(grey, 2)).numbers] == [upper, lower]


@pytest.mark.parametrize("number", ["7", "0", "4072"])
def test_a_number_across_the_edges_of_a_stripe(recognizer, write, number):
    page = write(number, 60, margin=0.6)
    quarter = page.shape[1] // 4
    page[:, quarter:-quarter] = 255 - page[:, quarter:-quarter]
    assert recognizer.read_pixels(page).number == number


def test_the_strip_that_is_shown_is_on_one_ground_as_the_network_got_it(recognizer, write):
    page = write("4072", 60, margin=0.6)
    plain = recognizer.read_pixels(page)
    striped = page.copy()
    striped[:, : page.shape[1] // 4] = 255 - page[:, : page.shape[1] // 4]
    size = page.shape[::-1]
    one, other = (strip_of(Picture(pixels, size, 1.0), plain.numbers[0]).astype(int) for pixels in (page, striped))
    assert min(np.abs(one - other).mean(), np.abs(one - (255 - other)).mean()) < 4


@pytest.mark.parametrize("number", ["1", "11", "4072", "7"])
@pytest.mark.parametrize("margin", [0.0, 0.4])
def test_a_plain_number_stays_as_it_is_however_closely_it_is_cut(write, number, margin):
    page = write(number, 60, margin=margin)
    assert on_one_ground(page) is page


def test_light_that_fades_across_the_page_is_no_band(write):
    page = write("4072", 60, margin=0.6).astype(np.float32)
    page *= np.linspace(0.3, 1.0, page.shape[1], dtype=np.float32)
    grey = page.astype(np.uint8)
    assert on_one_ground(grey) is grey


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_any_picture_keeps_its_shape(grey):
    even = on_one_ground(grey)
    assert (even.shape, even.dtype) == (grey.shape, grey.dtype)


@pytest.mark.parametrize("shape", [(100, 100_000), (100_000, 100)])
def test_a_strip_of_any_length_is_looked_at(shape):
    strip = np.full(shape, 230, np.uint8)
    assert on_one_ground(strip) is strip
