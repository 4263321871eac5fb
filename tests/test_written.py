"""What a person may type where a number is asked for."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_predict.errors import BadRequest
from mnist_predict.reading import digits_of
from mnist_predict.written import FORM_PATTERN, as_written, is_written, value_of


@pytest.mark.parametrize(
    ("typed", "written", "digits"),
    [
        *(("4072", "4072", "4072"), ("0042", "0042", "0042"), ("-12", "-12", "12"), ("3.65", "3.65", "365")),
        *(("23.418", "23.418", "23418"), ("1,250.00", "1,250.00", "125000"), ("-0,5", "-0,5", "05")),
        *((" 40 72\n", "4072", "4072"), ("1 250,00", "1250,00", "125000"), ("- 12", "-12", "12")),
    ],
)
def test_a_number_is_kept_as_it_is_typed_without_its_spaces(typed: str, written: str, digits: str) -> None:
    assert is_written(typed)
    assert as_written(typed) == written
    assert digits_of(written) == digits


@pytest.mark.parametrize(
    "typed", ["", " ", "seven", "７", "²", "--7", "7-", "-", ".5", "5.", "1..2", "1.-2", "+7", "3/4", "7e3", "12-", "٣"]
)
def test_anything_else_is_told_in_words(typed: str) -> None:
    assert not is_written(typed)
    with pytest.raises(BadRequest, match=r"up to 100 digits 0 to 9, as in 4072, 3\.65, 1,250\.00 or -12, not as"):
        as_written(typed)


def test_it_has_at_most_100_digits() -> None:
    longest = "-" + ",".join(["7"] * 100)
    assert as_written(longest) == longest
    with pytest.raises(BadRequest, match="up to 100 digits") as refusal:
        as_written(longest + "7")
    assert len(str(refusal.value)) < 200


@given(st.text("0123456789.,- ", max_size=12))
def test_a_form_takes_what_is_taken(typed: str) -> None:
    assert (re.fullmatch(FORM_PATTERN, typed) is not None) == is_written(typed)


@pytest.mark.parametrize(
    "rising",
    [
        [
            "-1,250.00",
            "-50",
            "-12",
            "0",
            "0.5",
            "1,0",
            "3.65",
            "3.7",
            "4,6",
            "12",
            "365",
            "543.3",
            "23.418",
            "1.250.000",
        ],
        ["", "18.08.2018", "19.08.2018"],
        ["0.418", "23.41", "23,418"],
    ],
)
def test_numbers_are_in_order_of_their_value_not_of_their_digits(rising: list[str]) -> None:
    values = [value_of(number) for number in rising]
    assert values == sorted(set(values))


@given(st.integers(-(10**9), 10**9))
def test_parted_thousands_and_decimals_change_no_order(number: int) -> None:
    assert value_of(str(number)) == value_of(f"{number:,}") == value_of(f"{number:,}.00") == number
