"""Which strokes are a digit, which digits a number."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_predict.reading import Box
from mnist_predict.vision.find.layout import DigitInk, find_numbers, hangs_together, in_row


def canvas(height: int, width: int):
    return np.zeros((height, width), np.uint8)


def stroke(page, *points, width: int = 5):
    cv2.polylines(page, [np.array(points, np.int32)], False, 255, width, cv2.LINE_AA)
    return page


def counts(page) -> list[int]:
    return [len(number) for number in find_numbers(page)]


def boxes(page):
    return [digit.box for number in find_numbers(page) for digit in number]


def one(page, x: int, top: int = 20, bottom: int = 80):
    return stroke(page, (x, top), (x, bottom))


def zero(page, x: int, y: int = 50, height: int = 60):
    cv2.ellipse(page, (x, y), (height // 4, height // 2), 0, 0, 360, 255, 5, cv2.LINE_AA)
    return page


def test_no_ink_no_number():
    assert find_numbers(canvas(40, 60)) == []


def test_faint_smears_are_no_number():
    assert find_numbers(one(canvas(100, 60), 30) // 4) == []


def test_digits_on_one_line_are_one_number_left_to_right():
    page = canvas(100, 300)
    for x in (220, 40, 130):
        zero(page, x)
    assert counts(page) == [3]
    assert [box.x for box in boxes(page)] == sorted(box.x for box in boxes(page))


@given(gap=st.integers(8, 72) | st.integers(102, 200))
def test_a_gap_wider_than_the_digits_are_tall_begins_a_new_number(gap):
    """Up to 1.2 digit heights it is one number, from 1.6 on it is two."""
    page = canvas(120, 400)
    for left in (20, 64 + gap):
        cv2.rectangle(page, (left, 30), (left + 40, 89), 255, 4)
    left, right = boxes(page)
    assert left[3] == right[3] == pytest.approx(63, abs=3)
    assert right[0] - left[0] - left[2] == pytest.approx(gap, abs=2)
    assert counts(page) == ([2] if gap < 80 else [1, 1])


def test_a_new_line_begins_a_new_number():
    page = canvas(220, 200)
    for x, y in ((40, 50), (90, 55), (40, 150), (90, 160), (140, 155)):
        zero(page, x, y)
    assert counts(page) == [2, 3]
    assert boxes(page)[0][1] < boxes(page)[2][1]


@pytest.mark.parametrize("slope", [-0.25, 0.25])
def test_a_line_may_climb_or_fall(slope):
    page = canvas(260, 400)
    for x in range(40, 360, 50):
        zero(page, x, round(130 + slope * (x - 200)))
    assert counts(page) == [7]


def test_parts_of_one_digit_are_one_digit():
    five = canvas(100, 100)
    stroke(five, (30, 30), (30, 48), (55, 55), (50, 78), (28, 80))
    stroke(five, (42, 22), (75, 18))  # its flag does not touch
    assert counts(five) == [1]
    assert boxes(five)[0][2] > 40

    tight = five[16:83, 26:78]
    assert [box.w for box in boxes(tight)] == [tight.shape[1]]

    broken = canvas(100, 60)
    cv2.ellipse(broken, (30, 50), (15, 30), 0, 20, 80, 255, 5)
    cv2.ellipse(broken, (30, 50), (15, 30), 0, 100, 260, 255, 5)
    cv2.ellipse(broken, (30, 50), (15, 30), 0, 275, 355, 255, 5)
    assert counts(broken) == [1]


def test_two_ones_are_two_digits():
    page = canvas(100, 80)
    stroke(page, (20, 80), (32, 20))
    stroke(page, (40, 80), (52, 20))
    assert counts(page) == [2]


@pytest.mark.parametrize("lean", [0, 8, 25])
@pytest.mark.parametrize("count", [2, 3, 4])
def test_slanted_strokes_side_by_side_are_as_many_digits(count, lean):
    page = canvas(100, 160)
    for at in range(count):
        stroke(page, (30 + 22 * at, 80), (30 + 22 * at + lean, 20))
    assert counts(page) == [count]
    tight = page[17:84, 27 : 33 + 22 * (count - 1) + lean + 1]
    assert counts(tight) == [count]


def test_digits_are_in_a_row_where_they_are_alike_and_near_each_other():
    page = canvas(120, 300)
    for x in (30, 60, 100):
        one(page, x, 30, 90)
    assert in_row(find_numbers(page)[0])
    assert in_row(find_numbers(page[:, :45])[0])
    longer = one(page.copy(), 130, 5, 119)
    assert len(find_numbers(longer)[0]) == 4
    assert not in_row(find_numbers(longer)[0])
    far = one(page.copy(), 185, 30, 90)
    assert len(find_numbers(far)[0]) == 4
    assert not in_row(find_numbers(far)[0])


def test_specks_and_separators_are_no_digits():
    page = canvas(100, 260)
    for x in (30, 90, 170, 230):
        zero(page, x)
    cv2.circle(page, (130, 80), 4, 255, -1)  # a point
    stroke(page, (195, 50), (205, 50))  # a dash
    page[5, 5] = page[90:92, 60] = page[3:6, 250] = 255
    assert counts(page) == [4]


def test_dust_on_a_large_page_is_no_digit():
    page = canvas(1000, 1400)
    stroke(page, (400, 300), (402, 305), width=2)
    assert find_numbers(page) == []
    assert counts(stroke(page, (700, 300), (702, 340), width=3)) == [1]


def test_a_hairline_beside_a_digit_is_dirt():
    page = zero(canvas(100, 100), 40)
    page[20:80, 80] = 255
    assert counts(page) == [1]


def test_only_its_own_strokes_are_cut_out():
    page = canvas(100, 100)
    stroke(page, (30, 80), (45, 20))
    stroke(page, (42, 80), (57, 20))
    left, right = find_numbers(page)[0]
    assert left.ink.shape == (left.box.h, left.box.w)
    assert left.ink.sum() + right.ink.sum() == pytest.approx(page.sum(), rel=0.02)


def test_texture_is_no_number():
    page = canvas(600, 600)
    page[5::20, 5::20] = page[6::20, 5::20] = page[7::20, 5::20] = 255
    assert find_numbers(page) == []


def cell() -> np.ndarray:
    """A cell of a grid with a digit in it."""
    return zero(canvas(100, 100), 50, 50, 56)


LINES = {
    "left": [((2, 0), (4, 99))],
    "right, leaning": [((90, 0), (97, 99))],
    "top": [((0, 3), (99, 5))],
    "bottom": [((0, 97), (99, 96))],
    "corner": [((3, 0), (3, 96)), ((3, 96), (99, 97))],
    "end of a line": [((96, 40), (97, 99))],
    "all around": [((4, 4), (95, 4)), ((95, 4), (95, 95)), ((95, 95), (4, 95)), ((4, 95), (4, 4))],
    "both sides": [((2, 0), (2, 99)), ((97, 0), (97, 99))],
}


@pytest.mark.parametrize("name", LINES)
def test_remains_of_a_frame_are_no_digits(name):
    page = cell()
    for line in LINES[name]:
        stroke(page, *line, width=3)
    assert boxes(page) == boxes(cell())


def test_ones_at_the_ends_of_a_tight_number_are_digits():
    page = canvas(70, 260)
    for x in (3, 256):
        stroke(page, (x, 5), (x, 64))
    for x in (60, 130, 200):
        zero(page, x, 35)
    assert counts(page) == [5]


def test_a_single_stroke_at_the_border_is_a_digit():
    assert counts(stroke(canvas(100, 100), (4, 10), (4, 90))) == [1]


def test_a_dash_at_the_border_does_not_hide_what_is_written():
    page = canvas(100, 100)
    stroke(page, (96, 0), (96, 99))
    stroke(page, (40, 48), (44, 52))
    assert counts(page) == [1]


BARS = st.lists(st.tuples(*[st.integers(0, 119)] * 2, *[st.integers(1, 90)] * 2), min_size=1, max_size=8)


@given(BARS)
def test_whatever_bars_there_are_none_is_more_than_a_number(bars):
    density = np.zeros((120, 120), np.uint8)
    for x, y, w, h in bars:
        density[y : y + h, x : x + w] = 255
    for number in find_numbers(density):
        assert all(digit.ink.any() for digit in number)


def test_a_line_of_a_tall_hairline_and_a_flat_blot_is_no_number():
    density = np.zeros((200, 400), np.uint8)
    density[50:150, 40] = 255
    density[85:115, 100:300] = 255
    assert find_numbers(density) == []


def test_what_stands_in_a_ring_does_not_hang_together_with_it() -> None:
    ring = cv2.circle(np.zeros((60, 60), np.uint8), (30, 30), 27, 255, 3)
    inside = cv2.line(ring.copy(), (30, 15), (30, 45), 255, 4)
    dusty = cv2.circle(ring.copy(), (30, 30), 2, 255, -1)
    assert [hangs_together(DigitInk(Box(0, 0, 60, 60), ink)) for ink in (ring, dusty, inside)] == [True, True, False]
    assert not hangs_together(DigitInk(Box(0, 0, 60, 60), np.zeros((60, 60), np.uint8)))
