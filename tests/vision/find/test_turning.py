"""Pages that lie on their side or upside down are read, and what was read is told where it stands."""

from itertools import product

import numpy as np
import pytest

from mnist_predict.reading import Box, Reading
from mnist_predict.vision.find.turning import ADVICE, turned, turned_box
from mnist_predict.vision.load.raster import Picture
from mnist_predict.vision.read.expect import expectation
from mnist_predict.vision.read.strip import strip_of


def test_turned_pages_are_read_where_it_can_be_told(recognizer, write):
    """Not every page tells: lying, a 3 and a 4 may look like an 8 above a 5. None that is upright is turned."""
    found = 0
    for number, quarters in product(("4072", "2573", "543", "7425", "9350", "2347"), range(4)):
        page = np.repeat(write(number, 50)[..., None], 3, axis=2)
        lying = np.ascontiguousarray(np.rot90(page, quarters))
        reading = recognizer.read_pixels(lying)
        if reading.number != number:
            assert quarters
            continue
        found += 1
        assert {one.turned for one in reading.numbers} == {90 * quarters}
        assert reading.advice == ((ADVICE[quarters],) if quarters else ())
        assert Reading.from_dict(reading.to_dict()).to_dict() == reading.to_dict()
        upright = recognizer.read_pixels(page).numbers[0]
        size = lying.shape[1::-1]
        assert turned_box(reading.numbers[0].box, quarters, size) == upright.box
        for digit, other in zip(reading.numbers[0].digits, upright.digits, strict=True):
            assert turned_box(digit.box, quarters, size) == other.box
        strip = strip_of(Picture(lying, size, 1.0), reading.numbers[0])
        assert np.array_equal(strip, strip_of(Picture(page, page.shape[1::-1], 1.0), upright))
    assert found >= 6 + 14  # all that are upright, and of the 18 that are not


def test_a_turned_page_is_turned_when_something_is_expected_too(recognizer, write):
    found = 0
    for number, quarters in product(("4072", "2573", "543"), (1, 2, 3)):
        lying = np.ascontiguousarray(np.rot90(np.repeat(write(number, 50)[..., None], 3, axis=2), quarters))
        free = recognizer.read_pixels(lying)
        if free.number == number:
            found += 1
            reading = recognizer.read_pixels(lying, expectation(f"{len(number)} digits"))
            assert (reading.number, reading.advice, reading.free) == (number, (ADVICE[quarters],), None)
            nothing = recognizer.read_pixels(lying, expectation("9 digits"))
            assert nothing.number != number
    assert found >= 3


def test_four_quarters_are_none():
    box, size = Box(3, 5, 7, 11), (40, 60)
    assert turned_box(box, 4, size) == turned_box(box, 0, size) == box
    assert turned_box(box, 1, size) == (60 - 5 - 11, 3, 11, 7)
    picture = Picture(np.arange(24, dtype=np.uint8).reshape(2, 4, 3), (8, 4), 2.0)
    assert turned(picture, 1).size == (4, 8)
    assert turned(turned(picture, 3), 1).pixels.tolist() == picture.pixels.tolist()


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_lone_digit_does_not_tell_how_it_lies(recognizer, write, quarters):
    for digit in "23456":
        reading = recognizer.read_pixels(np.rot90(write(digit, 40, margin=1), quarters))
        assert all(number.turned == 0 for number in reading.numbers)


@pytest.mark.parametrize("gap", [12, 20, 30])
def test_strokes_that_lie_are_no_ones_of_a_page_that_lies(recognizer, gap):
    page = np.full((100, 100, 3), 250, np.uint8)
    for y in (50 - gap // 2, 50 + gap // 2):
        page[y - 2 : y + 3, 20:80] = 20
    assert recognizer.read_pixels(page).number == ""
