"""Two versions side by side: who was right, and how likely the difference is by chance."""

from pathlib import Path

import pytest
from version_examples import another_version
from web_examples import picture_of

from mnist_predict.learning.paired import Compared, read_both
from mnist_predict.models.registry import open_version


def test_mcnemars_test_is_the_binomial_of_those_that_changed() -> None:
    hits = [(True, True)] * 90 + [(True, False)] * 8 + [(False, True)] * 2
    compared = Compared.of(hits)
    assert (compared.n, compared.champion, compared.candidate) == (100, 98, 92)
    assert (compared.fixed, compared.broken) == (2, 8)
    assert compared.p_worse == pytest.approx((45 + 10 + 1) / 1024)  # 8, 9 or 10 of 10 by a fair coin
    assert Compared.of([]).p_worse == 1
    assert Compared.of([(True, True)] * 5).p_worse == 1
    assert Compared.of([(True, False)] * 5).p_worse == pytest.approx(1 / 32)


def test_both_versions_read_every_picture_in_their_order(tmp_path: Path) -> None:
    numbers = ["7", "31", "", "4072"] * 15
    ticks: list[int] = []
    other = another_version(tmp_path, b"1")
    pairs = read_both(open_version(), other, [picture_of(n) for n in numbers] + [b"broken"], ticks.append)
    assert [pair.champion.number for pair in pairs] == [*numbers, ""]
    assert [pair.candidate.number for pair in pairs] == [*numbers, ""]
    assert sum(ticks) == len(numbers) + 1
    assert all(min(pair.seconds) >= 0 for pair in pairs)
    assert sum(pair.seconds[0] for pair in pairs) > 0
