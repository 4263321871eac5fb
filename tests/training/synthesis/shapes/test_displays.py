"""Digits of segments, as displays show them."""

from itertools import combinations

import numpy as np

from mnist_predict.training.synthesis.shapes import displays
from mnist_predict.training.synthesis.shapes.bank import SIDE

BY_BARS = [1, 4, 2, 8]  # digits of two, four, five and seven bars


def test_a_display_has_ten_digits_that_differ() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        digits = displays.digits(rng)
        assert [digit.shape for digit in digits] == [(SIDE, SIDE)] * 10
        assert all(set(np.unique(digit)) == {0, 1} for digit in digits)
        assert all((one != other).sum() > 20 for one, other in combinations(digits, 2))
        eight = digits[8].astype(bool)
        # A stroke through the 0 of some displays is the only ink that an 8 lacks.
        assert not any((digit.astype(bool) & ~eight).any() for digit in digits[1:])
        inks = np.array([digit.sum() for digit in digits])
        assert (np.diff(inks[BY_BARS]) > 0).all()


def test_all_digits_of_a_display_take_the_same_place() -> None:
    shapes = displays.shapes(4, np.random.default_rng(6))
    assert shapes.labels.tolist() == list(range(10)) * 4
    assert len(shapes.all_hands) == 4
    for hand in shapes.all_hands:
        places = shapes.boxes[shapes.of_hand(hand)]
        assert (places == places[0]).all()
        _, _, w, h = places[0].tolist()
        assert 0.3 < w / h < 0.8
