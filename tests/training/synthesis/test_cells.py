"""Walls around what is written stand between cells, and run through nothing that is written."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mnist_predict.reading import Box
from mnist_predict.training.synthesis.cells import cells


@given(st.lists(st.tuples(st.integers(8, 20), st.integers(10, 30)), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_a_wall_stands_between_two_cells_and_through_none(sizes: list[tuple[int, int]], seed: int) -> None:
    boxes, x = [], 12
    for gap, wide in sizes:
        boxes.append([Box(x, 6, wide, 20)])
        x += wide + gap
    walls = cells(boxes, (32, x + 12), np.random.default_rng(seed))
    assert walls.shape == (32, x + 12)
    assert 0 <= walls.min() <= walls.max() <= 1
    middle = walls[12:20].max(0) > 0.1
    for [before], [after] in pairwise(boxes):
        assert middle[before.right - 2 : after.x + 2].any()
    for [box] in boxes:
        assert not middle[box.x + 4 : box.right - 4].any()
