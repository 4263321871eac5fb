"""Boxes on a page -> rows, in reading order."""

from mnist_predict.reading import Box
from mnist_predict.vision.tell.rows import in_rows


def itself(box: Box) -> Box:
    return box


def test_what_stands_side_by_side_is_a_row() -> None:
    first, second, third, fourth = Box(10, 22, 40, 20), Box(100, 12, 40, 24), Box(20, 60, 30, 20), Box(120, 70, 30, 20)
    assert in_rows([fourth, second, third, first], itself) == [[first, second], [third, fourth]]
    assert in_rows([], itself) == []


def test_a_row_may_climb_by_more_than_its_height() -> None:
    upper = [Box(60 * at, 200 - 9 * at, 40, 30) for at in range(12)]
    lower = [Box(60 * at, 250 - 9 * at, 40, 30) for at in range(12)]
    assert in_rows([*reversed(upper), *lower], itself) == [upper, lower]


def test_a_tall_box_does_not_make_one_row_of_two() -> None:
    tall = Box(0, 0, 30, 110)
    upper, lower = Box(100, 5, 40, 40), Box(100, 65, 40, 40)
    rows = in_rows([lower, upper, tall], itself)
    assert sorted(map(len, rows)) == [1, 2]
    assert [upper, lower] not in rows
