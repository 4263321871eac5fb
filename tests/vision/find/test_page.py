"""Lines of digits are seen on a page, whatever else stands there."""

import math

import cv2
import numpy as np
import pytest

from mnist_predict.models.registry import open_version
from mnist_predict.reading import Box
from mnist_predict.vision.find.page import INSIDE, Line, PageReader, grown


@pytest.fixture(scope="session")
def page_reader() -> PageReader:
    return PageReader(open_version().folder / "page")


@pytest.fixture
def page(write):
    """A white page (360, 480) with 4072 written on it, 40 pixels high, and its box."""
    ink = 255 - write("4072", 40, margin=0)
    grey = np.full((360, 480), 245, np.uint8)
    h, w = ink.shape
    grey[150 : 150 + h, 200 : 200 + w] = 245 - ink // 255 * 215
    return grey, Line(200 + w / 2, 150 + h / 2, w, h, 0.0, 1.0)


def only(lines: list[Line]) -> Line:
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize("inverted", [False, True])
def test_a_number_is_seen_where_it_stands_and_as_tall_as_it_is(page_reader, page, inverted):
    grey, there = page
    seen = only(page_reader.lines(255 - grey if inverted else grey))
    assert seen.shared(there) > 0.8
    assert seen.height == pytest.approx(there.height, rel=0.3)
    assert abs(seen.angle) < 0.2


@pytest.mark.parametrize("scale", [0.3, 0.6, 2.0, 4.0])
def test_it_is_seen_in_any_size_of_the_picture(page_reader, page, scale):
    grey, there = page
    large = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    seen = only(page_reader.lines(large))
    again = Line(there.x * scale, there.y * scale, there.length * scale, there.height * scale, 0.0, 1.0)
    assert seen.shared(again) > 0.7


def test_a_margin_rule_and_a_dark_edge_are_no_lines_of_digits(page_reader, page):
    grey, there = page
    grey[:, 60:63] = 60
    grey[:, 470:] = 20
    assert only(page_reader.lines(grey)).shared(there) > 0.8


def test_nothing_is_seen_on_bare_paper(page_reader):
    for level in (0, 128, 255):
        assert page_reader.lines(np.full((300, 400), level, np.uint8)) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (9, 33), (50, 3000)])
def test_any_size_of_picture_can_be_looked_at(page_reader, size):
    grey = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    maps = page_reader.maps(grey)
    assert maps.shape == (4, -(-size[0] // 4), -(-size[1] // 4))
    page_reader.lines(grey)


def test_a_kernel_grows_to_the_line_that_it_stands_for():
    maps = np.zeros((4, 40, 60), np.float32)
    maps[0, 18:21, 20:40] = 0.9  # 12 pixels high and 80 long
    maps[1], maps[2] = math.log(26 / 24), 1
    line = only(grown(maps))
    assert line.height == pytest.approx(26)
    assert (line.x, line.y) == pytest.approx((119.5, 77.5))
    assert line.length == pytest.approx(80 + 2 * 0.3 * 26, abs=4)
    assert line.score == pytest.approx(0.9)
    standing = np.stack([maps[0].T, maps[1].T, maps[3].T, maps[2].T])
    turned = only(grown(standing))
    assert turned.angle == pytest.approx(math.pi / 2)
    assert turned.length == pytest.approx(line.length, abs=1)
    assert (turned.box.w, turned.box.h) == pytest.approx((turned.height, turned.length), abs=1)


def test_what_is_seen_faintly_or_as_a_speck_is_no_line():
    maps = np.zeros((4, 40, 60), np.float32)
    maps[0, 18:21, 20:40] = 0.2
    maps[0, 5, 5] = 0.9
    maps[1], maps[2] = math.log(26 / 24), 1
    assert grown(maps) == []


def test_lines_share_what_lies_in_both():
    one = Line(50, 50, 40, 20, 0.0, 1.0)
    assert one.shared(one) == pytest.approx(1)
    assert one.shared(Line(50, 50, 40, 20, math.pi, 1.0)) == pytest.approx(1)
    assert one.shared(Line(70, 50, 40, 20, 0.0, 1.0)) == pytest.approx(INSIDE)
    assert one.shared(Line(200, 50, 40, 20, 0.0, 1.0)) == 0
    assert one.box == Box(30, 40, 40, 20)
