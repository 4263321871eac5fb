"""From what the line network saw in a place to the numbers that stand there."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mnist_predict.vision.number import parted

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
