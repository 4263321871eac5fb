"""What the page network sees and what the rules find, put together."""

import math

import pytest

from mnist_predict.reading import Box
from mnist_predict.vision.finding import Found, in_order, put_together
from mnist_predict.vision.page import Line

SIZE = (400, 300)
NUMBER = Line(200, 100, 80, 30, 0.02, 0.9)


def alone(*given: Box, score: float = 1.0) -> list[Found]:
    return [Found(box, (), False, score) for box in given]


def agreed(*given: Box) -> list[Found]:
    return [Found(box, (), True) for box in given]


def test_the_ink_tells_where_a_line_ends_that_both_see() -> None:
    box = Box(158, 86, 85, 29)
    faint = Line(200, 100, 80, 30, 0.02, 0.4)
    other, rule = Line(200, 200, 80, 30, 0.0, 0.9), Box(10, 0, 4, 300)
    assert put_together(alone(box), [NUMBER], SIZE) == agreed(box)
    assert put_together(alone(box, rule), [faint, other], SIZE) == [*agreed(box), *alone(other.box, score=0.9)]


def test_what_only_the_rules_find_beside_a_line_is_no_number() -> None:
    assert put_together(alone(Box(10, 0, 4, 300)), [NUMBER], SIZE) == alone(NUMBER.box, score=0.9)
    assert put_together(alone(Box(10, 0, 4, 300), Box(300, 0, 90, 300)), [], SIZE) == []


def test_one_number_that_the_rules_find_is_read_where_the_network_sees_nothing_at_all() -> None:
    """A bare 1 alone may be a rule to it, and a digit that fills the picture nothing."""
    one, faint = alone(Box(10, 0, 4, 300)), Line(12, 100, 8, 20, 0.0, 0.4)
    assert put_together(one, [], SIZE) == put_together(one, [faint], SIZE) == one


def test_what_only_the_network_sees_is_read_where_it_sees_it_surely() -> None:
    assert put_together([], [NUMBER], SIZE) == alone(NUMBER.box, score=0.9)
    assert put_together([], [Line(200, 100, 80, 30, 0.02, 0.4)], SIZE) == []


def test_a_box_that_takes_in_more_than_the_line_gives_way_to_it() -> None:
    ringed = Box(120, 60, 160, 80)
    assert put_together(alone(ringed), [NUMBER], SIZE) == alone(NUMBER.box, score=0.9)
    both = [NUMBER, Line(200, 220, 80, 30, 0.0, 0.9)]
    assert put_together(alone(Box(150, 80, 100, 160)), both, SIZE) == alone(*(line.box for line in both), score=0.9)


@pytest.mark.parametrize("angle", [math.pi / 2, math.pi, -math.pi / 2])
def test_a_line_that_lies_or_stands_on_its_head_is_not_cut_out_straight(angle: float) -> None:
    assert put_together([], [Line(200, 100, 80, 30, angle, 0.9)], SIZE) == []


def test_a_line_that_reaches_beyond_the_picture_is_cut_off_at_its_edge() -> None:
    assert put_together([], [Line(10, 10, 80, 30, 0.0, 0.9)], SIZE) == alone(Box(0, 0, 50, 25), score=0.9)


def test_places_come_row_by_row_and_from_left_to_right() -> None:
    first, second, third, fourth = Box(10, 22, 40, 20), Box(100, 12, 40, 24), Box(20, 60, 30, 20), Box(120, 70, 30, 20)
    assert in_order(alone(fourth, second, third, first)) == alone(first, second, third, fourth)
