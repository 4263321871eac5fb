"""From what the line networks saw in a place to the numbers that stand there."""

from itertools import pairwise

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mnist_predict.reading import Box
from mnist_predict.vision.number import parted
from mnist_predict.vision.recognizer import Recognizer
from mnist_predict.vision.spelling import digit_boxes


def test_the_line_networks_look_at_the_crops_by_turns(recognizer, write):
    looked = []

    class Watched:
        def __init__(self, name, line):
            self.name, self.line = name, line

        def frames(self, strip):
            looked.append(self.name)
            return self.line.frames(strip)

    lines = [Watched(name, line) for name, line in zip("ab", recognizer.lines, strict=True)]
    page = cv2.GaussianBlur(write("4072", 40), (0, 0), 4)  # so that no two crops are clear
    Recognizer(recognizer.classifier, lines, "").read_pixels(page)
    assert looked[:4] == ["a", "b", "a", "b"]


PLACE = Box(120, 10, 130, 64)


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
    boxes = digit_boxes(spans, PLACE, page)
    assert [x for x, *_ in boxes] == sorted(x for x, *_ in boxes)
    assert all(x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= 300 and y + h <= 90 for x, y, w, h in boxes)


def test_a_digit_seen_beside_the_place_gets_the_box_of_its_own_ink() -> None:
    page = np.zeros((90, 300), np.uint8)
    page[20:60, 30:50] = page[30:80, 150:170] = 255
    assert digit_boxes([(35, 45), (155, 165)], Box(150, 30, 20, 50), page) == [(30, 20, 20, 40), (150, 30, 20, 50)]
