"""What is expected, in a few words: which numbers fit, and what is said to words that are not understood."""

import contextlib
import re
from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_predict.errors import BadRequest
from mnist_predict.vision.read.expect import expectation

numbers = st.text("0123456789", max_size=8)


@pytest.mark.parametrize(
    ("words", "fit", "do_not"),
    [
        ("4 digits", ["4072", "0000"], ["", "407", "40721"]),
        ("4-digit", ["4072"], ["407"]),
        ("1 digit", ["0", "9"], ["", "10"]),
        ("1-3 digits", ["0", "00", "407"], ["", "4072"]),
        ("1 to 3 digits", ["407"], ["4072"]),
        ("0..100", ["0", "7", "99", "100"], ["", "00", "07", "101", "1000"]),
        ("25..4072", ["25", "99", "100", "4072"], ["0", "24", "025", "4073", "10000"]),
        ("3 digits 0..100", ["000", "007", "100"], ["0", "7", "101", "0100"]),
        ("1-4 digits, 007..12", ["7", "007", "0012"], ["6", "13", "00007"]),
        ("12,15,20", ["12", "15", "20"], ["", "1", "16", "1215"]),
        ("12, 15 , 020", ["12", "020"], ["20"]),
        ("4072", ["4072"], ["407", "4073"]),
        (r"/[0-4]\d{2}/", ["000", "499"], ["500", "49", "4999"]),
        (r"[0-4]\d{2}", ["000", "499"], ["500"]),
        ("luhn", ["18", "79927398713", "4539578763621486"], ["", "0", "79927398710", "4539578763621487"]),
        ("8 digits luhn", ["12345674"], ["12345678", "18", "79927398713"]),
        ("mod 11", ["0306406152", "19"], ["0306406153", "0", "18"]),
        ("mod 11-2", ["07940"], ["07941", "0"]),
        ("mod 97", ["79444", "3214282912345698765432161182"], ["79445", "3214282912345698765432161128", "1"]),
        ("mod 97-10 and 5 digits", ["79444"], ["3214282912345698765432161182"]),
        ("LUHN; 2 DIGITS", ["18", "26"], ["19", "034"]),
    ],
)
def test_what_fits(words, fit, do_not):
    expected = expectation(words)
    assert [number for number in fit if not expected.fits(number)] == []
    assert [number for number in do_not if expected.fits(number)] == []


@pytest.mark.parametrize(
    "words",
    [
        "", " ", "four digits", "digits", "0 digits", "3-1 digits", "101 digits", "1-3", "5..1", "1..", "luhnatic",
        "mod 12", "4 digits 5 digits", "3 digits 1000..2000", "12,15 luhn", "-7", "7.5", "/7", "//", "/a/", "/(/",
        "/)/",
        "/[]/", "/[3-/", "/*/", "/1{3,2}/", "/^a$/", r"/\w/", "/0{0}/", "50 digits luhn mod 97", "/.*1.{30}/",
        "/1{999}/", "/(((){999}){999}){999}/", "(" * 1000, "7" * 2001, "٣ digits",
    ],
)  # fmt: skip
def test_what_is_not_understood_or_cannot_be_is_refused(words):
    with pytest.raises(BadRequest) as refused:
        expectation(words)
    assert refused.value.status == 400
    assert len(str(refused.value)) < 500


BLOWN_UP = [
    "/.*1.{20}/ /.{0,390}/",
    "/.*1.{20}/ " + "/.{0,390}/ " * 180,
    "/.*1.{9}/ " * 7,
    "/((1*)*2*)*3*.{300}/",
    "/(((){999}){999}){999}/",
    "/(" + "1{0}" * 400 + "){400}/",
    "/" + "(" * 39 + "|" * 900 + ")" * 39 + "{999}/",
    "100 digits 0.." + "9" * 100,
    "7" * 1990,
    "," * 1999,
]


@pytest.mark.parametrize("words", BLOWN_UP)
def test_what_would_take_long_is_refused_soon_and_at_once_when_it_is_asked_again(words):
    start = thread_time()
    with pytest.raises(BadRequest) as refused:
        expectation(words)
    assert thread_time() - start < 2  # a tenth of a second on a machine that is idle; without a limit, minutes
    start = thread_time()
    with pytest.raises(BadRequest, match=re.escape(str(refused.value))):
        expectation(words)
    assert thread_time() - start < 0.1


@settings(deadline=None)
@given(low=st.integers(0, 12_000), more=st.integers(0, 12_000), number=st.integers(0, 30_000))
def test_a_range_holds_what_is_between_its_ends(low, more, number):
    assert expectation(f"{low}..{low + more}").fits(str(number)) == (low <= number <= low + more)
    padded = expectation(f"5 digits {low}..{low + more}")
    assert padded.fits(f"{number:05}") == (low <= number <= low + more)


@settings(deadline=None)
@given(number=numbers)
def test_check_digits_are_those_of_their_definitions(number):
    digits = [int(d) for d in reversed(number)]
    doubled = [sum(divmod(d * (1 + at % 2), 10)) for at, d in enumerate(digits)]
    assert expectation("luhn").fits(number) == (len(digits) > 1 and sum(doubled) % 10 == 0)
    assert expectation("mod 11").fits(number) == (
        len(digits) > 1 and sum(weight * d for weight, d in enumerate(digits, 1)) % 11 == 0
    )
    assert expectation("mod 11-2").fits(number) == (
        len(digits) > 1 and sum(2**at * d for at, d in enumerate(digits)) % 11 == 1
    )
    assert expectation("mod 97").fits(number) == (len(digits) > 2 and int(number) % 97 == 1)


def _expressions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeats = st.sampled_from(["?", "*", "+", "{2}", "{1,}", "{0,2}"])
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, repeats).map(lambda two: f"(?:{two[0]}){two[1]}"),
    )


expressions = st.recursive(
    st.sampled_from(["0", "1", "7", r"\d", ".", "[0-3]", "[^1]", r"[17\d]", "(1|)"]), _expressions, max_leaves=6
)


@settings(deadline=None, max_examples=300)
@given(expression=expressions, tried=st.lists(st.text("017", max_size=5), max_size=12))
def test_an_expression_matches_as_pythons_does(expression, tried):
    def matches(number: str) -> bool:
        return number != "" and re.fullmatch(expression, number) is not None

    try:
        expected = expectation(f"/{expression}/")
    except BadRequest:
        assert not any(map(matches, [*map(str, range(100)), *tried]))
    else:
        for number in tried:
            assert expected.fits(number) == matches(number), number


@settings(deadline=None, max_examples=300)
@given(st.text("0123456789()[]{}|?*+.,^$\\d-/ lun", max_size=25))
def test_whatever_is_typed_is_understood_or_refused(words):
    with contextlib.suppress(BadRequest):
        assert not expectation(words).fits("")
