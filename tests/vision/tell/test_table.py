"""Numbers on a sheet -> rows and columns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_predict.reading import Box, Number, Reading
from mnist_predict.vision.tell.table import is_table, table


def reading(*numbers: tuple[str, int, int, int] | tuple[str, int, int, int, int]) -> Reading:
    """Of numbers (text, x, y, page); each digit takes 20 x 30 pixels."""
    made = tuple(Number(text, 0.9, page, Box(x, y, 20 * len(text), 30), ()) for text, x, y, page in numbers)
    return Reading(made, 0 if made else None, (), "v1")


def test_nothing_is_no_table():
    assert table(reading()) == []
    assert not is_table([])


def test_one_number_and_one_line_are_no_table():
    assert table(reading(("4072", 0, 0, 0))) == [["4072"]]
    line = table(reading(("1", 0, 0, 0), ("2", 100, 3, 0)))
    assert line == [["1", "2"]]
    assert not is_table(line)


def test_a_cell_shows_a_number_as_it_is_written():
    assert table(reading(("3.65", 0, 0, 0), ("-12", 200, 3, 0))) == [["3.65", "-12"]]


cells = st.lists(
    st.lists(st.text("0123456789", max_size=4), min_size=2, max_size=5), min_size=2, max_size=6
).map(lambda rows: [(row + [""] * 5)[: len(rows[0])] for row in rows])  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(rows=cells, slope=st.floats(-0.02, 0.02), right=st.booleans(), order=st.randoms())
def test_any_sheet_is_read_back(rows, slope, right, order):
    """Empty cells stay empty, numbers may stand left or right in their columns, rows may climb or fall."""
    numbers = []
    for down, row in enumerate(rows):
        for across, text in enumerate(row):
            if text:
                x = 140 * across + (80 - 20 * len(text) if right else 0)
                numbers.append((text, x, int(80 * down + slope * x), 0))
    order.shuffle(numbers)
    filled = [row for row in rows if any(row)]
    kept = [at for at in range(len(rows[0])) if any(row[at] for row in filled)]
    assert table(reading(*numbers)) == [[row[at] for at in kept] for row in filled]


boxes = st.builds(Box, st.integers(0, 300), st.integers(0, 300), st.integers(1, 200), st.integers(1, 200))


@settings(max_examples=500)
@given(st.lists(st.tuples(boxes, st.integers(0, 1)), max_size=12))
def test_any_boxes_make_a_table_that_lacks_no_number(places):
    """Boxes may overlap and lie within each other: of a poor reading, too, every number is shown."""
    numbers = [Number(str(at), 0.5, page, box, ()) for at, (box, page) in enumerate(places)]
    rows = table(Reading(tuple(numbers), 0 if numbers else None, (), "v1"))
    assert sorted(" ".join(" ".join(row) for row in rows).split()) == sorted(number.text for number in numbers)
    assert len({len(row) for row in rows}) <= 1
    assert all(any(row) for row in rows)


def test_a_wide_number_does_not_join_two_columns():
    sheet = reading(("1", 0, 0, 0), ("2", 100, 0, 0), ("3", 0, 80, 0), ("4", 100, 80, 0), ("123456", 30, 160, 0))
    rows = table(sheet)
    assert rows[:2] == [["1", "2"], ["3", "4"]]
    assert sorted(rows[2]) == ["", "123456"]


def test_pages_follow_each_other():
    assert table(reading(("1", 0, 0, 0), ("2", 100, 0, 0), ("3", 0, 0, 1))) == [["1", "2"], ["3", ""]]


@pytest.mark.parametrize(
    "turn",
    [
        0,
        1.0,
    ],
)
def test_a_written_sheet(recognizer, write, turn):
    import cv2

    rows = [["407", "12", "7"], ["3", "", "985"], ["", "640", "11"]]
    page = np.full((460, 760), 255, np.uint8)
    for down, row in enumerate(rows):
        for across, text in enumerate(row):
            if text:
                one = write(text, 50, margin=0)
                top, left = 60 + 130 * down, 60 + 240 * across
                page[top : top + one.shape[0], left : left + one.shape[1]] = one
    turned = cv2.getRotationMatrix2D((380, 230), turn, 1)
    page = cv2.warpAffine(page, turned, page.shape[::-1], borderValue=255)
    assert table(recognizer.read_pixels(page)) == rows
