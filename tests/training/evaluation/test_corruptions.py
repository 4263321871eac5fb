"""The fifteen ways to spoil a digit: seeded, strong enough to matter, and still readable."""

import numpy as np
import pytest

from mnist_predict.training.evaluation.corruptions import HELD_OUT, KINDS, corrupt, errors

# How far a kind moves a pixel in the mean (grey levels), and how much of the ink it leaves or makes; from, to.
EFFECT = {
    "shot noise": ((3, 25), (0.7, 1.4)),
    "glass blur": ((3, 30), (0.8, 1.2)),
    "motion blur": ((8, 45), (0.7, 1.05)),
    "zoom blur": ((4, 45), (0.8, 1.6)),
    "shear": ((8, 50), (0.8, 1.2)),
    "scale": ((8, 50), (0.3, 0.7)),
    "rotate": ((8, 50), (0.8, 1.2)),
    "brightness": ((80, 128), (2, 20)),
    "translate": ((15, 70), (0.8, 1.1)),
    "snow": ((20, 90), (1.3, 8)),
    "fog": ((25, 170), (0.5, 20)),
    "spatter": ((2, 45), (0.5, 1.6)),
    "dotted line": ((2, 20), (1.0, 2)),
    "zigzag": ((5, 40), (1.05, 3)),
    "canny edges": ((15, 70), (0.3, 2.5)),
}


@pytest.fixture(scope="module")
def digits(mnist_test):
    return mnist_test[0][:40]


def test_there_are_fifteen_and_five_are_held_out():
    assert len(KINDS) == 15 == len(EFFECT)
    assert len(HELD_OUT) == 5
    assert set(HELD_OUT) < set(KINDS) == set(EFFECT)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_spoils_about_as_much_as_it_should(digits, kind):
    moved, ink = [], []
    for at, digit in enumerate(digits):
        before = digit.copy()
        spoilt = corrupt(digit, kind, np.random.default_rng(at))
        assert (spoilt.shape, spoilt.dtype) == ((28, 28), np.uint8)
        assert np.array_equal(digit, before)
        assert np.array_equal(spoilt, corrupt(digit, kind, np.random.default_rng(at)))
        moved.append(np.abs(spoilt.astype(int) - digit).mean())
        ink.append(spoilt.sum() / digit.sum())
    (least, most), (thin, fat) = EFFECT[kind]
    assert least <= np.mean(moved) <= most
    assert thin <= np.mean(ink) <= fat


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"scale", "brightness", "canny edges"}))
def test_chance_makes_each_another(digits, kind):
    spoilt = {corrupt(digits[0], kind, np.random.default_rng(seed)).tobytes() for seed in range(20)}
    assert len(spoilt) >= 2


def test_errors_are_told_by_kind_and_in_the_mean(mnist_test):
    from mnist_predict.vision.recognizer import open_recognizer

    seen = []
    found = errors(open_recognizer(""), mnist_test[0][:6], mnist_test[1][:6], lambda: seen.append(1))
    assert set(found) == {*KINDS, "mean"}
    assert len(seen) == 6 * 15
    assert found["mean"] == pytest.approx(np.mean([found[kind] for kind in KINDS]))
    assert found["translate"] == 0.0
