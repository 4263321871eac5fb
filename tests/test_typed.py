"""Numbers that come in are bounded, whichever way they come."""

import pytest

from mnist_predict.typed import is_number, whole


@pytest.mark.parametrize("text", ["7", "0", "4072", "0" * 100])
def test_digits_are_a_number(text: str) -> None:
    assert is_number(text)


@pytest.mark.parametrize("text", ["", "-7", "٣", "7.5", " 7", "1" * 101, "9" * 19_000_000])
def test_anything_else_is_none(text: str) -> None:
    assert not is_number(text)
    assert whole(text, -10, 10) is None


def test_whole_numbers_are_within_their_bounds_however_they_are_written() -> None:
    assert whole("00012", 1, 12) == 12
    assert [whole(text, 1, 48) for text in ("0", "49", "000000001999999", "0" * 5000, "")] == [None] * 5
