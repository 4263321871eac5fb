"""Where the numbers of a line end, and how they are written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_predict.vision.read.alphabet import SYMBOLS
from mnist_predict.vision.tell.written import numbers, told


def read(line: str) -> list[str]:
    return [line[start:end] for start, end in numbers(line)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("4072", ["4072"]),
        ("3.65", ["3.65"]),
        ("12,50", ["12,50"]),
        ("-12", ["-12"]),
        ("-47.85", ["-47.85"]),
        ("23.418", ["23.418"]),
        ("1.234.567", ["1.234.567"]),
        ("1,234,567.89", ["1,234,567.89"]),
        ("47/20", ["47", "20"]),
        ("27/12/2015", ["27", "12", "2015"]),
        ("21-08-2018", ["21", "08", "2018"]),
        ("18.08.2018", ["18", "08", "2018"]),
        ("(030)694", ["030", "694"]),
        ("+49300", ["49300"]),
        ("12+5=17", ["12", "5", "17"]),
        ("60=22", ["60", "22"]),
        ("4)71", ["4", "71"]),
        ("12:45", ["12", "45"]),
        ("45%", ["45"]),
        ("¤12.50", ["12.50"]),
        ("ss99", ["99"]),
        ("--12--", ["12"]),
        ("-12-", ["12"]),
        ("12.", ["12"]),
        (".5", ["5"]),
        ("3..5", ["3", "5"]),
        ("", []),
        ("ss", []),
        ("=-", []),
    ],
)
def test_a_number_ends_at_a_mark_that_is_no_part_of_it(line: str, expected: list[str]) -> None:
    assert read(line) == expected


@given(st.text(SYMBOLS, max_size=14))
def test_every_digit_is_in_one_number_and_in_order(line: str) -> None:
    found = read(line)
    assert "".join(re.findall(r"\d", "".join(found))) == "".join(re.findall(r"\d", line))
    assert all(re.fullmatch(r"-?\d+([.,]\d+)*", number) for number in found)


def test_what_can_mean_two_things_is_told_and_so_is_what_is_left_out() -> None:
    assert told(["23.418", "3.65", "0.418"], False) == ("23.418 is 23 418 in thousands, or 23 and 418 thousandths.",)
    assert told([], True) == ("What is struck out is not read.",)
