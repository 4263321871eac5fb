"""Drawn and distorted digits: still digits, placed as MNIST's are."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_predict.training import mnist as dataset
from mnist_predict.training.digit.augment import augment
from mnist_predict.training.synthesis.shapes import hands


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_drawn_digits_lie_in_a_20_pixel_box_around_their_centre_of_mass(seed: int) -> None:
    drawn = hands.draw(np.arange(10, dtype=np.uint8), np.random.default_rng(seed))
    assert drawn.shape == (10, 28, 28)
    assert drawn.dtype == np.uint8
    for picture in drawn.astype(float):
        rows, columns = np.nonzero(picture > 8)
        assert max(np.ptp(rows), np.ptp(columns)) <= 21  # 20 and what half a pixel's shift smears
        across, down = ((picture * axis).sum() / picture.sum() for axis in np.meshgrid(range(28), range(28)))
        assert abs(across - 13.5) < 0.6
        assert abs(down - 13.5) < 0.6


def test_a_seed_draws_the_same_again_and_another_seed_draws_others() -> None:
    labels = np.repeat(np.arange(10, dtype=np.uint8), 3)
    first, again, other = (hands.draw(labels, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any(axis=(1, 2)).all()


def test_distorted_digits_keep_shape_range_and_ink(mnist_test: tuple[dataset.Bytes, dataset.Bytes]) -> None:
    torch.manual_seed(0)
    batch = torch.from_numpy(mnist_test[0][:256].copy())[:, None].float() / 255
    distorted = augment(batch)
    assert distorted.shape == batch.shape
    assert distorted.min() >= 0
    assert distorted.max() <= 1
    assert (distorted != batch).flatten(1).any(1).all()
    ink = distorted.sum((1, 2, 3)) / batch.sum((1, 2, 3))
    assert 0.7 < float(ink.median()) < 1.5


def test_an_empty_picture_stays_a_picture() -> None:
    assert torch.isfinite(augment(torch.zeros(16, 1, 28, 28))).all()
