"""What the page network sees and what the ink shows there, put together: the places that are read."""

import math

import cv2
import numpy as np
import pytest

from mnist_predict.reading import Box
from mnist_predict.vision.find.finding import Found, find
from mnist_predict.vision.find.page import Line

NUMBER = Line(200, 100, 100, 40, 0.02, 0.9)
FAINT = Line(200, 100, 100, 40, 0.02, 0.4)


def page(*digits: tuple[int, int]) -> np.ndarray:
    """A sheet with a 0 of 24 x 40 pixels around each of these points."""
    grey = np.full((300, 400), 230, np.uint8)
    for point in digits:
        cv2.ellipse(grey, point, (12, 20), 0, 0, 360, (40,), 4, cv2.LINE_AA)
    return grey


ROW = page((165, 100), (200, 100), (235, 100))
INKED = Box(151, 78, 99, 45)  # of the digits in that row


def found(grey: np.ndarray, lines: list[Line] | None) -> list[Found]:
    return find(grey, lines)[0]


def near(one: Box, other: Box) -> bool:
    return all(abs(a - b) <= 2 for a, b in zip(one, other, strict=True))


def test_the_ink_tells_where_a_line_ends_that_both_see() -> None:
    for line in (NUMBER, FAINT):
        [first, *others] = found(ROW, [line, Line(200, 250, 80, 30, 0.0, 0.9)])
        assert first.agreed
        assert near(first.box, INKED)
        assert len(first.digits) == 3
        assert [(one.box, one.digits, one.score) for one in others] == [(Box(160, 235, 80, 30), (), 0.9)]


def test_ink_is_looked_for_only_where_the_network_sees_a_line() -> None:
    grey = page((165, 100), (200, 100), (235, 100), (50, 250))
    grey[:, 380:384] = 60
    [one], ink = find(grey, [NUMBER])
    assert near(one.box, INKED)
    assert ink[100:, :100].max() == ink[:, 380:].max() == 0 < ink[INKED.slices].max()
    assert found(page((50, 50), (50, 250)), []) == []


def test_one_number_in_the_ink_is_read_where_the_network_sees_nothing_at_all() -> None:
    """A bare 1 alone may be a rule to it, and a digit that fills the picture nothing."""
    for lines in ([], [FAINT]):
        [one] = found(ROW, lines)
        assert near(one.box, INKED)
        assert not one.agreed


def test_of_a_small_picture_the_ink_alone_tells_what_is_read() -> None:
    both = page((50, 50), (50, 250))
    assert [one.agreed for one in found(both, None)] == [True, True]
    assert found(page(), None) == []


def test_what_only_the_network_sees_is_read_where_it_sees_it_surely() -> None:
    assert found(page(), [NUMBER]) == [Found(NUMBER.box, (), False, 0.9)]
    assert found(page(), [FAINT]) == []


def test_a_line_that_takes_in_less_than_what_hangs_together_is_cut_out_as_it_is_seen() -> None:
    grey = page((165, 100), (235, 100))
    cv2.line(grey, (165, 110), (235, 110), (40,), 4)
    lines = [Line(165, 100, 30, 44, 0.0, 0.9), Line(235, 100, 30, 44, 0.0, 0.9)]
    assert [one.box for one in found(grey, lines)] == [line.box for line in lines]


@pytest.mark.parametrize("angle", [math.pi / 2, math.pi, -math.pi / 2])
def test_a_line_that_lies_or_stands_on_its_head_is_not_cut_out_straight(angle: float) -> None:
    assert found(page(), [Line(200, 100, 80, 30, angle, 0.9)]) == []


def test_a_line_that_reaches_beyond_the_picture_is_cut_off_at_its_edge() -> None:
    assert found(page(), [Line(10, 10, 80, 30, 0.0, 0.9)]) == [Found(Box(0, 0, 50, 25), (), False, 0.9)]
