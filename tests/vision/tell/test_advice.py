"""Advice: a clear picture gets none; degraded step by step, it gets the right one from some step on, with where."""

import cv2
import numpy as np
import pytest

from mnist_predict.reading import Box, Digit, Number
from mnist_predict.vision.load.raster import Picture
from mnist_predict.vision.tell.advice import advise


def advice(recognizer, page) -> str:
    return " ".join(recognizer.read_pixels(page).advice)


def on_paper(page, paper: int = 205, ink: int = 60):
    """A page of dark on white in these grey levels."""
    return np.asarray(ink + (page / 255.0) * (paper - ink), np.uint8)


def steps_until(recognizer, words: str, pages) -> int:
    """How many of ever poorer pages get no such advice; all after them do, as far as they are read at all."""
    told = [words in advice(recognizer, page) for page in pages]
    assert told == sorted(told)
    assert told[-1]
    return told.index(True)


@pytest.mark.parametrize("number", ["4072", "7", "31986"])
@pytest.mark.parametrize("height", [24, 50, 120])
@pytest.mark.parametrize("margin", [0, 0.2, 1.5])
def test_clear_writing_gets_no_advice(recognizer, write, number, height, margin):
    page = write(number, height, margin=margin)
    for clear in (page, 255 - page, on_paper(page), cv2.GaussianBlur(on_paper(page), (0, 0), 0.02 * height)):
        assert advice(recognizer, clear) == ""


def test_what_is_thousands_of_times_as_high_as_wide_is_judged_as_well():
    pixels = np.full((20_000, 12), 255, np.uint8)
    pixels[10:-10, 4:8] = 0
    box = Box(4, 10, 4, 19_980)
    number = Number("1", 0.5, 0, box, (Digit(1, box, (0.1,) * 10),))
    assert isinstance(advise(Picture(pixels, (12, 20_000), 1.0), pixels, 255 - pixels, number), tuple)


def test_digits_of_the_data_set_get_no_advice(recognizer, mnist_test):
    told = [recognizer.read_pixels(page).advice for page in mnist_test[0][:300]]
    assert sum(bool(one) for one in told) <= 5


@pytest.mark.parametrize("height", [30, 60, 120])
def test_blurred(recognizer, write, height):
    page = on_paper(write("4072", height, margin=1))
    pages = [page, *(cv2.GaussianBlur(page, (0, 0), share * height) for share in (0.02, 0.04, 0.06, 0.08, 0.1, 0.12))]
    assert 3 <= steps_until(recognizer, "is blurred", pages) <= 5


def test_dark(recognizer, write):
    page = on_paper(write("4072", 60, margin=1))
    pages = [(page * light).astype(np.uint8) for light in (1, 0.8, 0.6, 0.45, 0.3, 0.2)]
    assert 2 <= steps_until(recognizer, "is dark", pages) <= 4


def test_dark_where_nothing_is_read(recognizer):
    page = np.random.default_rng(1).normal(20, 4, (100, 200)).clip(0, 255).astype(np.uint8)
    assert "is dark" in advice(recognizer, page)
    assert "is dark" not in advice(recognizer, page + 150)


def test_faint(recognizer, write):
    page = write("4072", 60, margin=1)
    pages = [on_paper(page, 205, 205 - contrast) for contrast in (140, 100, 60, 30, 22)]
    assert 2 <= steps_until(recognizer, "is faint", pages) <= 3


def test_small(recognizer, write):
    page = write("27", 80, margin=1)
    pages = [cv2.resize(page, None, fx=f, fy=f, interpolation=cv2.INTER_AREA) for f in (1, 0.5, 0.25, 0.12, 0.1)]
    assert 2 <= steps_until(recognizer, "very small", pages) <= 4


@pytest.mark.parametrize(
    ("edge", "turns"), [("left", 0), ("upper", 1), ("right", 2), ("lower", 3)]
)  # fmt: skip
def test_cut_at_an_edge(recognizer, write, edge, turns):
    """The page grows narrower from that side; the number is read, whatever of it is left."""
    page = write("0", 80, margin=1)
    left = int(np.flatnonzero((page < 128).any(axis=0))[0])
    for away in (0, left // 2, left - 2, left + 6, left + 12):
        cut = page[:, away:]
        if turns in (1, 3):  # the same for what is above: cut rows instead of columns
            top = int(np.flatnonzero((page < 128).any(axis=1))[0])
            cut = page[away - left + top if away else 0 :]
        if turns in (2, 3):
            cut = cut[::-1, ::-1]
        assert (f"cut at the {edge} edge" in advice(recognizer, cut)) == (away > left), away


def test_a_close_crop_is_not_cut(recognizer, write):
    for number in ("4072", "7", "1", "0"):
        assert advice(recognizer, write(number, 60, margin=0)) == ""


def test_glare(recognizer, write):
    page = on_paper(write("4072", 60, margin=1)).astype(np.float32)
    height, width = page.shape
    y, x = np.mgrid[:height, :width]
    lamp = np.exp(-((x - 0.8 * width) ** 2 + (y - height / 2) ** 2) / (2 * 35**2))
    pages = [np.clip(page + strength * lamp, 0, 255).astype(np.uint8) for strength in (0, 20, 120, 200, 300)]
    assert 2 <= steps_until(recognizer, "Light is reflected at the right", pages) <= 3


def test_where_on_a_page(recognizer, write):
    page = np.full((900, 1200), 205, np.uint8)
    number = cv2.GaussianBlur(on_paper(write("40", 60, margin=0.5)), (0, 0), 6)
    for place, (top, left) in {"upper left": (20, 30), "lower right": (760, 980), "top": (20, 500)}.items():
        one = page.copy()
        one[top : top + number.shape[0], left : left + number.shape[1]] = number
        assert f"The writing at the {place} is blurred" in advice(recognizer, one)


def with_mark(write, before: str, after: str, mark: str, height: int = 60):
    """Two numbers on one line with a mark between them."""
    gap = np.full((height, round(0.8 * height)), 255, np.uint8)
    middle, pen = gap.shape[1] // 2, round(0.09 * height)
    if mark == ".":
        cv2.circle(gap, (middle, height - pen), pen, 0, -1, cv2.LINE_AA)
    elif mark == ",":
        cv2.line(gap, (middle + 3, height - 2 * pen), (middle - 3, height - 2), 0, pen, cv2.LINE_AA)
    elif mark == "-":
        cv2.line(gap, (middle - 2 * pen, height // 2), (middle + 2 * pen, height // 2), 0, pen, cv2.LINE_AA)
    blank = np.full((height, height), 255, np.uint8)
    parts = [write(text, height, margin=0) if text else blank for text in (before, after)]
    return np.pad(np.hstack([parts[0], gap, parts[1]]), height // 2, constant_values=255)


@pytest.mark.parametrize("height", [40, 60, 150])
@pytest.mark.parametrize(
    ("before", "mark", "after", "written"),
    [
        ("12", ".", "50", ["12.50"]),
        ("7", ",", "99", ["7,99"]),
        ("31", "-", "64", ["31", "64"]),
        ("", "-", "12", ["-12"]),
    ],
)
def test_numbers_are_told_as_they_are_written(recognizer, write, before, mark, after, written, height):
    page = with_mark(write, before, after, mark, height)
    for pixels in (page, 255 - page):
        reading = recognizer.read_pixels(pixels)
        assert [number.written for number in reading.numbers] == written
        assert "".join(number.text for number in reading.numbers) == before + after
        assert not reading.advice


def test_what_can_be_thousands_or_decimals_is_told(recognizer, write):
    reading = recognizer.read_pixels(with_mark(write, "23", "468", "."))
    assert [number.written for number in reading.numbers] == ["23.468"]
    assert "23.468 is 23 468 in thousands, or 23 and 468 thousandths." in reading.advice


def test_the_end_of_a_sentence_is_no_decimal_point(recognizer, write):
    assert advice(recognizer, with_mark(write, "31", "", ".")) == ""
