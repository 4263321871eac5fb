"""Pages photographed with what lies around them are read, and no digit is taken for what lies around."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_predict.vision.frame import surroundings
from mnist_predict.vision.ink import find_ink
from mnist_predict.vision.layout import find_numbers


def on_a_table(number, table: int, moved: tuple[int, int], turn: float):
    """A page of 700 x 500 pixels with a number (h, w) on it, on a table of that grey level (600, 800)."""
    page = np.full((500, 700), 225, np.uint8)
    h, w = number.shape
    page[200 : 200 + h, 180 : 180 + w] = np.minimum(number, 225)
    matrix = cv2.getRotationMatrix2D((350, 250), turn, 1.0)
    matrix[:, 2] += moved
    seen = cv2.warpAffine(page, matrix, (800, 600), borderValue=table).astype(np.float64)
    noise = np.random.default_rng(2).normal(0, 3, seen.shape)
    return np.clip(seen * np.linspace(1, 0.85, 800) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("table", [30, 90, 140])
@pytest.mark.parametrize("moved", [(50, 50), (10, 40), (130, 120)], ids=["all around", "along the left", "in a corner"])
def test_a_page_on_a_table(recognizer, write, table, moved):
    for number, turn in (("4072", 0), ("36", 3)):
        assert recognizer.read_pixels(on_a_table(write(number, 70, margin=0), table, moved, turn)).number == number


def test_a_cropped_digit_is_not_what_lies_around_a_page(glyphs):
    """Not even with a speck of dirt that could be the writing."""
    for crops in glyphs.values():
        for crop in crops[:8]:
            grey = 255 - cv2.resize(crop, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
            ink = find_ink(grey)
            assert ink is not None
            mask = (ink.density > 25).astype(np.uint8)
            _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, ltype=cv2.CV_32S)
            assert surroundings(labels, stats) == []


BARS = st.lists(st.tuples(*[st.integers(0, 119)] * 2, *[st.integers(1, 90)] * 2), min_size=1, max_size=8)


@given(BARS)
def test_whatever_bars_there_are_none_is_more_than_a_number(bars):
    density = np.zeros((120, 120), np.uint8)
    for x, y, w, h in bars:
        density[y : y + h, x : x + w] = 255
    for number in find_numbers(density):
        assert all(digit.ink.any() for digit in number)


def test_a_line_of_a_tall_hairline_and_a_flat_blot_is_no_number():
    density = np.zeros((200, 400), np.uint8)
    density[50:150, 40] = 255
    density[85:115, 100:300] = 255
    assert find_numbers(density) == []
