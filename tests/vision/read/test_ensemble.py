"""From what the line network saw in a place to the numbers that stand there."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_predict.reading import Box
from mnist_predict.vision.load.raster import Picture
from mnist_predict.vision.read.alphabet import CLASSES, INDEX, OTHER
from mnist_predict.vision.read.ctc import Frames
from mnist_predict.vision.read.ensemble import parted, read_line
from mnist_predict.vision.read.line import Grey
from mnist_predict.vision.tell.fusion import WALL, fuse, symbol_boxes
from mnist_predict.vision.tell.written import numbers

PLACE, PAGE = Box(120, 10, 130, 64), Box(0, 0, 300, 90)


SEEN = st.lists(st.tuples(st.floats(-200, 500), st.floats(0, 40)), min_size=1, max_size=8)


@given(SEEN)
def test_the_numbers_of_a_place_lie_side_by_side_in_it_even_where_digits_were_seen_beside_it(
    seen: list[tuple[float, float]],
) -> None:
    boxes = parted(PLACE, [(left, left + wide) for left, wide in sorted(seen)])
    x, y, w, h = PLACE
    assert all(left >= x and wide > 0 and left + wide <= x + w and (top, tall) == (y, h)
               for left, top, wide, tall in boxes)  # fmt: skip
    assert all(one[0] < other[0] for one, other in pairwise(boxes))


@given(SEEN)
def test_the_boxes_of_digits_go_from_left_to_right_within_the_picture_even_where_digits_were_seen_beside_the_place(
    seen: list[tuple[float, float]],
) -> None:
    page = np.zeros((90, 300), np.uint8)
    page[20:60, 30:270:20] = 255
    spans = sorted(((left, left + wide) for left, wide in seen), key=sum)
    boxes = symbol_boxes(spans, PLACE, PAGE, page)
    assert [x for x, *_ in boxes] == sorted(x for x, *_ in boxes)
    assert all(x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= 300 and y + h <= 90 for x, y, w, h in boxes)


def test_a_digit_seen_beside_the_place_gets_the_box_of_its_own_ink() -> None:
    page = np.zeros((90, 300), np.uint8)
    page[20:60, 30:50] = page[30:80, 150:170] = 255
    boxes = symbol_boxes([(35, 45), (155, 165)], Box(150, 30, 20, 50), PAGE, page)
    assert boxes == [(30, 20, 20, 40), (150, 30, 20, 50)]


def test_no_box_reaches_beyond_what_was_looked_at_into_another_row() -> None:
    page = np.zeros((200, 300), np.uint8)
    page[20:60, 100:160:10] = page[120:160, 80:160:10] = 255
    looked_at = Box(90, 10, 90, 60)
    for left, top, wide, tall in symbol_boxes(
        [(82, 92), (120, 130), (150, 160)], Box(100, 20, 60, 40), looked_at, page
    ):
        assert top >= 10
        assert top + tall <= 70
        assert left >= 90
        assert left + wide <= 180


class _Seen:
    """A line network that sees these symbols, each in a frame of its own, with nothing between."""

    def __init__(self, symbols: str, surely: float = 1.0) -> None:
        self._symbols, self._surely = symbols, surely

    def frames(self, strip: Grey) -> Frames:
        seen = np.full((2 * len(self._symbols), CLASSES), -12, np.float32)
        seen[:, -1] = 0
        for at, symbol in enumerate(self._symbols):
            sure = self._surely if symbol == OTHER else 1.0
            seen[2 * at, [INDEX[symbol], -1]] = np.log([sure, max(1 - sure, 1e-5)])
        return seen


@pytest.mark.parametrize(
    ("seen", "expected"),
    [("66~27", ["66", "27"]), ("~6627~", ["6627"]), ("6~27/9", ["6", "27", "9"]), ("6-~27", ["6", "27"])],
)
def test_the_wall_of_a_column_parts_numbers(seen: str, expected: list[str]) -> None:
    reading = read_line(_Seen(seen), np.full((40, 120), 255, np.uint8), 255, [Box(0, 0, 120, 40)], "", None)
    assert reading
    assert [
        reading.text[part.start : part.end]
        for part in numbers(reading.text, np.flatnonzero(reading.walls > WALL).tolist())
    ] == expected


def test_who_doubts_a_wall_doubts_the_numbers_beside_it_and_who_sees_none_the_number_without_it() -> None:
    page = np.full((40, 120), 255, np.uint8)

    def told(surely: float) -> list[tuple[str, float]]:
        reading = read_line(_Seen("66~27", surely), page, 255, [Box(0, 0, 120, 40)], "", None)
        assert reading
        picture = Picture(page, (120, 40), 1.0)
        found = fuse(reading, Box(0, 0, 120, 40), Box(0, 0, 120, 40), (), np.empty((0, 10), np.float32), page, picture)
        return [(number.text, number.confidence) for number in found]

    assert [text for text, _ in told(0.9)] == ["66", "27"]
    assert [text for text, _ in told(0.1)] == ["6627"]
    assert min(sure for _, sure in told(0.99)) > max(sure for _, sure in told(0.6))
    assert told(0.01)[0][1] > told(0.4)[0][1]
