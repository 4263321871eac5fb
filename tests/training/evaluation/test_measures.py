"""Figures with known answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_predict.training.evaluation import measures

shares = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def split(pairs: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([p for p, _ in pairs]), np.array([h for _, h in pairs])


def test_confidence_that_is_right_as_often_as_it_says_has_no_calibration_error() -> None:
    confidence = np.repeat(0.75, 60)
    hit = np.tile([True, True, True, False], 15)
    assert measures.calibration_error(confidence, hit, bins=15) == pytest.approx(0)


def test_always_sure_and_half_wrong_is_off_by_half() -> None:
    assert measures.calibration_error(np.ones(60), np.tile([True, False], 30)) == pytest.approx(0.5)


def test_by_chance_few_pictures_show_more_calibration_error_than_many_and_sure_ones_none() -> None:
    few, many = (measures.chance_error(np.repeat(0.75, count)) for count in (150, 15_000))
    assert few == pytest.approx(np.sqrt(2 / np.pi * 0.75 * 0.25 / 10), rel=0.1)  # bins of ten
    assert many == pytest.approx(few / 10, rel=0.1)
    assert measures.chance_error(np.ones(50)) == 0


def test_separation_is_one_when_every_error_is_less_sure_and_none_without_errors() -> None:
    assert measures.auroc(np.array([0.9, 0.8, 0.3]), np.array([True, True, False])) == 1
    assert measures.auroc(np.array([0.9, 0.8]), np.array([True, True])) is None


@given(shares)
def test_separation_counts_pairs(pairs: list[tuple[float, bool]]) -> None:
    confidence, hit = split(pairs)
    wins = [(a > b) + (a == b) / 2 for a in confidence[hit] for b in confidence[~hit]]
    found = measures.auroc(confidence, hit)
    assert found == (pytest.approx(sum(wins) / len(wins)) if wins else None)


@given(shares)
def test_calibration_error_is_a_share(pairs: list[tuple[float, bool]]) -> None:
    assert 0 <= measures.calibration_error(*split(pairs)) <= 1


def test_likelihood_loss_of_an_impossible_label_is_bounded() -> None:
    assert measures.nll(np.array([1.0, 0.0])) == pytest.approx(-np.log(1e-6) / 2)


def test_confusion_counts_label_by_row() -> None:
    counts = measures.confusion(np.array([3, 3, 9]), np.array([3, 5, 9]))
    assert counts.sum() == 3
    assert (counts[3, 3], counts[3, 5], counts[9, 9]) == (1, 1, 1)
