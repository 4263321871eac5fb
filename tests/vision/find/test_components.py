"""Connected components of a mask."""

import numpy as np
import pytest

from mnist_predict.vision.find.components import components


def test_pixels_that_touch_hang_together_and_are_measured() -> None:
    mask = np.array([[1, 0, 0, 1], [0, 1, 0, 1]], np.uint8)
    labels, stats = components(mask)
    assert (labels > 0).astype(int).tolist() == mask.tolist()
    assert labels[0, 0] == labels[1, 1] != labels[0, 3]
    assert sorted(stats[1:].tolist()) == [[0, 0, 2, 2, 2], [3, 0, 1, 2, 2]]
    assert len(components(mask, connectivity=4)[1]) == 1 + 3


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
def test_where_there_is_no_pixel_the_process_lives_on(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no components"):
        components(np.zeros(shape, np.uint8))
