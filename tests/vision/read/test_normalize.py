"""Digits as MNIST was made: a 20 pixel box, placed by the centre of mass."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_predict.vision.read.normalize import normalize


def cropped(picture):
    rows, columns = np.nonzero(picture > 0)
    return picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def test_a_digit_of_mnist_stays_what_it_is(mnist_test):
    pictures = mnist_test[0][:500]
    off = [np.abs(normalize(cropped(p)) - p / np.float32(255)).mean() for p in pictures]
    same = [value < 1e-3 for value in off]
    assert np.mean(same) > 0.9
    assert np.median(off) == pytest.approx(0, abs=1e-3)


@settings(deadline=None)
@given(height=st.integers(1, 300), width=st.integers(1, 300), level=st.integers(128, 255))
def test_every_shape_fits(height, width, level):
    out = normalize(np.full((height, width), level, np.uint8))
    assert out.shape == (28, 28)
    assert out.dtype == np.float32
    assert 0 <= out.min() <= out.max() <= 1
    rows, columns = np.nonzero(out > 0.01)
    tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert max(tall, wide) in (18, 19, 20)
    longest = max(height, width)
    assert (tall, wide) == pytest.approx((20 * height / longest, 20 * width / longest), abs=4)


def test_the_centre_of_mass_is_in_the_middle():
    heavy_below = np.zeros((60, 40), np.uint8)
    heavy_below[:, 18:22] = 255
    heavy_below[40:] = 255
    out = normalize(heavy_below)
    y, x = np.mgrid[:28, :28]
    assert (out * y).sum() / out.sum() == pytest.approx(14, abs=0.6)
    assert (out * x).sum() / out.sum() == pytest.approx(14, abs=0.6)


@pytest.mark.parametrize("height", [30, 100, 400, 1500])
def test_a_hair_is_as_broad_as_a_thin_pen(height):
    page = np.zeros((height, height), np.uint8)
    cv2.circle(page, (height // 2, height // 2), height // 2 - 2, 255, 1)
    out = normalize(cropped(page))
    assert out.max() > 0.95
    assert 1.5 <= out.sum() / (np.pi * 19) <= 3.5  # ink over the length of the stroke


def test_a_broad_pen_is_left_alone():
    page = np.zeros((200, 200), np.uint8)
    cv2.circle(page, (100, 100), 80, 255, 40)
    assert normalize(page).sum() == pytest.approx(page.sum() / 255 * (20 / 200) ** 2, rel=0.05)
