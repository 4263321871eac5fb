"""From what the line networks saw in a place to the numbers that stand there."""

from itertools import pairwise

import cv2
from hypothesis import given
from hypothesis import strategies as st

from mnist_predict.vision.number import parted
from mnist_predict.vision.recognizer import Recognizer


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


PLACE = (120, 10, 130, 64)


@given(st.lists(st.tuples(st.floats(-200, 500), st.floats(0, 40)), min_size=1, max_size=8))
def test_the_numbers_of_a_place_lie_side_by_side_in_it_even_where_digits_were_seen_beside_it(
    seen: list[tuple[float, float]],
) -> None:
    boxes = parted(PLACE, [(left, left + wide) for left, wide in sorted(seen)])
    x, y, w, h = PLACE
    assert all(left >= x and wide > 0 and left + wide <= x + w and (top, tall) == (y, h)
               for left, top, wide, tall in boxes)  # fmt: skip
    assert all(one[0] < other[0] for one, other in pairwise(boxes))
