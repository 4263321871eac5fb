"""Log-probabilities of a strip -> text: what a sum over all ways to read the strip gives, found without taking it."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mnist_predict.errors import BadRequest
from mnist_predict.vision.read.alphabet import CLASSES as ALL
from mnist_predict.vision.read.alphabet import DIGITS, INDEX, SYMBOLS
from mnist_predict.vision.read.ctc import candidates, decode, folded, scores
from mnist_predict.vision.read.expect import expectation

BLANK = 10
CLASSES = (1, 2, 3, BLANK)  # the others cannot be: every way can be tried


def frames(heights) -> np.ndarray:
    """Log-probabilities (T, 11) of `heights` (T, 4), what speaks for each of CLASSES."""
    out = np.full((len(heights), 11), -np.inf)
    out[:, CLASSES] = heights
    return (out - np.logaddexp.reduce(out, axis=1, keepdims=True)).astype(np.float32)


def read(way) -> str:
    """The text that a class for each frame spells: repetitions are one digit, blanks none."""
    return "".join(str(c) for c, before in zip(way, (BLANK, *way), strict=False) if c not in (before, BLANK))


def all_texts(log_probabilities) -> dict[str, float]:
    """The probability of every text, all ways taken."""
    totals: dict[str, float] = {}
    for way in product(CLASSES, repeat=len(log_probabilities)):
        probability = math.exp(sum(float(row[c]) for row, c in zip(log_probabilities, way, strict=True)))
        totals[read(way)] = totals.get(read(way), 0.0) + probability
    return totals


def good_enough(probability: float, best: float, of: float = 1.0) -> bool:
    """A narrow beam finds the best there is, or, where nothing has more than a fifth, something not far from it."""
    return probability >= best * (0.99 if best > 0.2 * of else 0.5)


strips = st.lists(st.tuples(*[st.floats(-6, 3)] * 4), min_size=1, max_size=5).map(frames)
some = settings(deadline=None, max_examples=150)


@some
@given(strips)
def test_the_best_text_and_the_second_best_are_those_of_all_ways_together(strip):
    decoded, totals = decode(strip, DIGITS), all_texts(strip)
    first, second = sorted(totals.values(), reverse=True)[:2]
    assert math.exp(decoded.log_probability) == pytest.approx(totals[decoded.text], rel=1e-4)
    assert good_enough(totals[decoded.text], first)
    if decoded.runner_up is not None:
        assert math.exp(decoded.runner_up_log_probability) == pytest.approx(totals[decoded.runner_up], rel=1e-4)
        assert decoded.runner_up != decoded.text
        assert second < 0.2 or good_enough(totals[decoded.runner_up], second)
    assert decoded.log_fit is None


@some
@given(strips, strips)
def test_strips_of_different_lengths_are_scored_together_as_each_alone(one, other):
    texts = ["", "1", "12", "11"]
    apart = [scores([strip], texts, DIGITS)[0].tolist() for strip in (one, other)]
    assert scores([one, other], texts, DIGITS).tolist() == apart
    totals = all_texts(one)
    assert np.exp(apart[0]) == pytest.approx([totals.get(text, 0.0) for text in texts], rel=1e-4)


@some
@given(strips)
def test_the_probabilities_of_a_place_are_those_of_the_texts_that_differ_there(strip):
    decoded, totals = decode(strip, DIGITS), all_texts(strip)
    text = decoded.text
    assert decoded.probabilities.shape == (len(text), 10)
    for at, row in enumerate(decoded.probabilities):
        expected = np.array([totals.get(f"{text[:at]}{digit}{text[at + 1 :]}", 0.0) for digit in range(10)])
        assert row == pytest.approx(expected / expected.sum(), abs=1e-4)
        assert row.sum() == pytest.approx(1.0)


@some
@given(strips)
def test_digits_take_frames_one_after_the_other(strip):
    decoded = decode(strip, DIGITS)
    assert len(decoded.spans) == len(decoded.text)
    at = 0
    for start, end in decoded.spans:
        assert at <= start < end <= len(strip)
        at = end


WANTED = {
    "2 digits": lambda text: len(text) == 2,
    "1-2 digits": lambda text: 1 <= len(text) <= 2,
    "12,13,321": lambda text: text in ("12", "13", "321"),
    "/1[23]?1*/": lambda text: text[:1] == "1" and set(text[2:]) <= {"1"} and text[1:2] in ("", "1", "2", "3"),
    "1..22": lambda text: text != "" and 1 <= int(text) <= 22,
    "mod 11": lambda text: len(text) > 1 and sum(w * int(d) for w, d in enumerate(reversed(text), 1)) % 11 == 0,
}


@some
@given(strips, st.sampled_from(sorted(WANTED)))
def test_what_is_expected_is_the_best_of_what_fits(strip, words):
    fitting = {text: p for text, p in all_texts(strip).items() if WANTED[words](text) and p > 0.0}
    decoded = decode(strip, DIGITS, expectation(words))
    assert (decoded is None) == (not fitting)
    assume(fitting)
    assert math.exp(decoded.log_probability) == pytest.approx(fitting[decoded.text], rel=1e-4)
    total = sum(fitting.values())
    assert good_enough(fitting[decoded.text], max(fitting.values()), total)
    assert math.exp(decoded.log_fit) == pytest.approx(total, rel=1e-4)
    if decoded.runner_up is not None:
        others = max(p for text, p in fitting.items() if text != decoded.text)
        assert others < 0.2 * total or good_enough(fitting[decoded.runner_up], others, total)


def written(text: str, sure: float = 0.999) -> np.ndarray:
    """A strip that shows this text: four frames a digit, the second of them its own."""
    out = np.full((4 * len(text) + 2, 11), (1 - sure) / 10)
    out[:, BLANK] = sure
    for at, digit in enumerate(text):
        out[4 * at + 1, BLANK] = (1 - sure) / 10
        out[4 * at + 1, int(digit)] = sure
    return np.log(out).astype(np.float32)


@some
@given(st.text("0123456789", max_size=20))
def test_a_clear_text_is_read_as_it_stands(text):
    decoded = decode(written(text), DIGITS)
    assert decoded.text == text
    assert decoded.spans == tuple((4 * at + 1, 4 * at + 2) for at in range(len(text)))
    assert [int(row.argmax()) for row in decoded.probabilities] == [int(digit) for digit in text]


def test_an_empty_strip_is_an_empty_text():
    decoded = decode(written("")[:1], DIGITS)
    assert (decoded.text, decoded.spans, decoded.probabilities.shape) == ("", (), (0, 10))


def test_the_same_digit_twice_takes_a_blank_between():
    together = frames([[9, 0, 0, 0]] * 4)
    apart = frames([[9, 0, 0, 0], [0, 0, 0, 9], [9, 0, 0, 0]])
    assert (decode(together, DIGITS).text, decode(apart, DIGITS).text) == ("1", "11")


def test_ways_are_added_up():
    """The likeliest single way is blank, blank; but three ways read 1."""
    strip = frames([(math.log(0.4), -np.inf, -np.inf, math.log(0.6))] * 2)
    assert decode(strip, DIGITS).text == "1"
    assert math.exp(decode(strip, DIGITS).log_probability) == pytest.approx(0.64, abs=1e-6)


def test_a_digit_too_few_is_made_up_where_it_is_likeliest():
    strip = written("407")
    strip[11] = np.log(np.array([0, 0, 0.3, 0, 0, 0, 0, 0, 0.01, 0, 0.69]) + 1e-6)
    assert decode(strip, DIGITS).text == "407"
    decoded = decode(strip, DIGITS, expectation("4 digits"))
    assert (decoded.text, decoded.runner_up) == ("4072", "4078")
    assert math.exp(decoded.log_fit) == pytest.approx(0.31, abs=0.02)


def test_far_from_what_is_expected_the_best_that_fits_is_still_found():
    decoded = decode(written("4072"), DIGITS, expectation("12 digits luhn"))
    assert len(decoded.text) == 12
    assert decoded.log_fit < -40
    assert decode(written("4"), DIGITS, expectation("9 digits")) is None  # six frames have no room for it


@pytest.mark.parametrize("sure", [0.91, 0.3])
def test_long_strips_stay_within_numbers(sure):
    decoded = decode(written("31415926535897932384" * 6, sure), DIGITS)
    assert math.isfinite(decoded.log_probability)
    assert np.isfinite(decoded.probabilities).all()


def test_the_check_digit_settles_what_is_doubtful():
    strip = written("79927398713")  # a valid Luhn number
    strip[1] = np.log(np.array([0, 0.55, 0, 0, 0, 0, 0, 0.45, 0, 0, 0]) + 1e-9)
    assert decode(strip, DIGITS).text == "19927398713"
    decoded = decode(strip, DIGITS, expectation("luhn"))
    assert decoded.text == "79927398713"
    assert decoded.log_probability - decoded.log_fit > math.log(0.9)


def test_much_that_is_expected_of_a_long_line_is_refused():
    much = expectation("28 digits mod 97")
    assert candidates(np.log(np.full((200, 11), 1 / 11, np.float32)), DIGITS, much)[0]
    with pytest.raises(BadRequest, match="long"):
        candidates(np.zeros((1000, 11), np.float32), DIGITS, much)


def marked(text: str) -> np.ndarray:
    """A strip that shows this text over all symbols, as `written` does."""
    out = np.full((4 * len(text) + 2, ALL), 1e-5)
    out[:, -1] = 0.999
    for at, symbol in enumerate(text):
        out[4 * at + 1, [INDEX[symbol], -1]] = 0.999, 1e-5
    return np.log(out / out.sum(axis=1, keepdims=True)).astype(np.float32)


@some
@given(st.text(SYMBOLS, max_size=12))
def test_a_clear_line_of_digits_and_marks_is_read_as_it_stands(text):
    assert decode(marked(text), SYMBOLS).text == text


@some
@given(st.text(SYMBOLS, max_size=12), st.sets(st.sampled_from(SYMBOLS)).map(lambda some: "".join(sorted(some))))
def test_symbols_that_are_not_asked_for_are_as_good_as_nothing(text, symbols):
    frames = folded(marked(text), symbols)
    assert np.exp(frames).sum(axis=1) == pytest.approx(1.0, abs=1e-4)
    assert decode(frames, symbols).text == "".join(symbol for symbol in text if symbol in symbols)


@pytest.mark.parametrize(
    ("words", "line", "read"),
    [
        ("2 decimals", "3.65", "3.65"),
        ("2 decimals", "3,65", "3,65"),
        ("a date", "27/12/2015", "27/12/2015"),
        ("n/20", "47/20", "47/20"),
        ("5 digits", "47/120", "47120"),
        ("/\\d+-\\d+/", "12-7", "12-7"),
    ],
)
def test_marks_are_read_where_they_are_expected(words, line, read):
    expected = expectation(words)
    assert decode(folded(marked(line), expected.symbols), expected.symbols, expected).text == read
