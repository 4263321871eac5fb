"""How confidence is said."""

import json
from dataclasses import replace

import pytest

from mnist_predict.reading import Box, Digit, Number, next_best
from mnist_predict.web.presenters.words import certainty, code, done, of_a_hundred, percent, plural, pretty, runner_up


@pytest.mark.parametrize(
    ("confidence", "as_percent", "right", "name"),
    [
        (1.0, "above 99.9 %", "more than 99", "Sure"),
        (0.9995, "above 99.9 %", "more than 99", "Sure"),
        (0.97, "97.0 %", "about 97", "Sure"),
        (0.81, "81.0 %", "about 81", "Fairly sure"),
        (0.5, "50.0 %", "about 50", "Not sure"),
        (0.006, "0.6 %", "about 1", "Not sure"),
        (0.000004, "below 0.1 %", "fewer than 1", "Not sure"),
    ],
)
def test_a_confidence_promises_what_it_means(confidence: float, as_percent: str, right: str, name: str) -> None:
    assert percent(confidence) == as_percent
    assert of_a_hundred(confidence) == right
    assert certainty(confidence)[1] == name


def number(*digits: dict[int, float]) -> Number:
    made = []
    for likely in digits:
        rest = (1 - sum(likely.values())) / (10 - len(likely))
        probabilities = tuple(likely.get(value, rest) for value in range(10))
        made.append(Digit(max(likely, key=lambda value: likely[value]), Box(0, 0, 1, 1), probabilities))
    return Number("".join(str(digit.value) for digit in made), 0.5, 0, Box(0, 0, 1, 1), tuple(made))


def test_the_next_best_number_changes_the_digit_that_was_closest() -> None:
    assert next_best(number({4: 0.9, 9: 0.08}, {0: 0.6, 6: 0.38}, {7: 0.99})) == "467"


def test_the_next_best_number_has_the_marks_of_what_was_read() -> None:
    read = replace(number({4: 0.9, 9: 0.08}, {0: 0.6, 6: 0.38}, {7: 0.99}), written="-4.07")
    assert next_best(read) == "-4.67"


def test_there_is_no_next_best_where_nothing_comes_close() -> None:
    assert next_best(number({7: 0.9999})) is None


def test_the_runner_up_of_a_digit_is_its_second_best_value() -> None:
    assert runner_up(number({4: 0.9, 9: 0.08}).digits[0]) == (9, 0.08)


def test_json_for_people_has_the_numbers_of_a_list_on_one_line() -> None:
    form = {"digits": [{"box": [1, 2], "probabilities": [0.5, 1e-06]}], "advice": [], "name": "[ 1, 2 ]"}
    text = pretty(form)
    assert json.loads(text) == form
    assert '"box": [1, 2]' in text
    assert '"probabilities": [0.5, 1e-06]' in text


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"recorded": 1, "labels": 0}, "1 number recorded."),
        ({"recorded": 3, "labels": 1}, "3 numbers recorded, of which 1 became a label of a picture."),
        ({"recorded": 1070, "labels": 2}, "1,070 numbers recorded, of which 2 became labels of a picture."),
        ({"labels": 1}, "Saved as a label of its picture."),
        ({"labels": 39}, "39 labels saved."),
        ({}, None),
    ],
)
def test_what_was_done_is_said_in_words(counts: dict[str, int], words: str | None) -> None:
    assert done(counts) == words


def test_one_and_many() -> None:
    assert [plural(n, "record") for n in (0, 1, 2, 1070)] == ["0 records", "1 record", "2 records", "1,070 records"]
    assert plural(2, "box", "boxes") == "2 boxes"


def test_what_is_in_backticks_is_code_and_everything_else_is_text() -> None:
    assert code("`before` is <b>") == "<code>before</code> is &lt;b&gt;"
