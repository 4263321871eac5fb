"""The whole way: a number written anywhere, any size, in any colours and light, is read; what is none is not."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import product

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from mnist_predict.errors import BrokenPicture
from mnist_predict.reading import Reading
from mnist_predict.vision.read.expect import expectation

# A network errs now and then: the same examples in every run, so that no change is blamed for another draw.
robust = settings(
    derandomize=True,
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def png(pixels) -> bytes:
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def coloured(page, paper, ink):
    """A page (h, w) of dark on white in these two RGB colours."""
    share = (page / 255.0)[..., None]
    return (share * np.array(paper) + (1 - share) * np.array(ink)).astype(np.uint8)


def test_mnist_is_read_as_well_as_the_network_alone_can(recognizer, mnist_test):
    pictures, labels = (part[:1000] for part in mnist_test)
    alone = recognizer.classifier.probabilities(pictures.astype(np.float32) / 255).argmax(axis=1)
    whole = [recognizer.read_pixels(picture).number for picture in pictures]
    right = sum(read == str(label) for read, label in zip(whole, labels, strict=True))
    assert right >= (alone == labels).sum() - 4  # two standard errors of where the two differ


DIGITS = (
    "023456789"  # a leaning 1 among other digits may be taken for a slash: see test_a_leaning_one_among_other_digits
)
numbers = st.text(DIGITS, min_size=1, max_size=6)


@robust
@given(number=numbers, height=st.integers(12, 150), which=st.integers(0, 3))
def test_any_size(recognizer, write, number, height, which):
    expected = recognizer.read_pixels(write(number, 28, which=which)).number
    assert recognizer.read_pixels(write(number, height, which=which)).number == expected == number


def strokes(count: int, tall: int, apart: float, lean: float, pen: int, margin: float):
    """So many bare strokes side by side, dark on white, none quite like the others; lengths in their height."""
    random = np.random.default_rng([count, tall, pen])
    room = round(margin * tall) + pen
    page = np.full((tall + 2 * room, round((count - 1) * apart * tall + abs(lean) * tall) + 2 * room), 255, np.uint8)
    for at in range(count):
        x, (up, down) = room + at * apart * tall, random.normal(0, 0.02, 2) * tall
        ends = (x + lean * tall, room + up), (x, room + tall + down)
        cv2.line(page, *[tuple(int(16 * value) for value in end) for end in ends], (0,), pen, cv2.LINE_AA, 4)
    return page


def test_bare_strokes_side_by_side_are_ones(recognizer):
    ways = list(product((1, 2, 3), (40, 90), (0.35, 0.7), (0.0, 0.15), (3, 6), (0.0, 0.5)))
    wrong = [way for way in ways if recognizer.read_pixels(strokes(*way)).number != "1" * way[0]]
    assert len(wrong) <= 6, wrong  # of 144: with much paper around it, a stroke may be a rule


def comb():
    page = np.full((32, 2000), 255, np.uint8)
    for x in range(6, 1994, 6):
        page[5:-5, x : x + 2] = 0
    return page


def long_stroke():
    page = np.full((20, 49_699), 255, np.uint8)
    page[4:-4, 4:-4] = 0
    return page


@pytest.mark.parametrize("page", [comb(), long_stroke(), long_stroke().T], ids=["comb", "flat", "tall"])
def test_hundreds_of_strokes_and_a_stroke_as_long_as_can_be_take_little_memory(recognizer, page):
    tracemalloc.start()
    recognizer.read_pixels(np.ascontiguousarray(page))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000_000  # in proportion, gigabytes surround a stroke


@pytest.mark.parametrize("numbers", [["4072", "1250"], ["7", "560"], ["19", "83", "4"]])
def test_numbers_on_a_ruled_line_that_runs_through_them_are_apart(recognizer, write, numbers):
    page = np.hstack([np.pad(write(number), ((60, 60), (0, 80)), constant_values=255) for number in numbers])
    cv2.line(page, (0, 118), (page.shape[1] - 1, 118), (90,), 2)  # 118: just above the foot of the digits
    assert [number.text for number in recognizer.read_pixels(page).numbers] == numbers


def test_lines_of_a_form_beside_a_digit_are_no_ones(recognizer, write):
    """A digit in a cell whose upright edges are longer than it, and run out of the picture."""
    wrong = []
    for digit, height in product("0234567", (40, 80)):
        page = write(digit, height, margin=0.35)
        cell = np.pad(page, ((0, 0), (12, 12)), constant_values=255)
        cell[:, 4:7] = cell[:, -7:-4] = 60
        wrong += [digit] if recognizer.read_pixels(cell).number != digit else []
    assert len(wrong) <= 1, wrong


@robust
@given(
    digit=st.sampled_from("0123456789"),
    margins=st.tuples(*[st.integers(0, 90)] * 4),
    which=st.integers(0, 3),
)
def test_any_margin_and_no_margin(recognizer, write, digit, margins, which):
    page = write(digit, 40, margin=0, which=which)
    framed = np.pad(page, (margins[:2], margins[2:]), constant_values=255)
    assert recognizer.read_pixels(framed).number == digit


@pytest.mark.parametrize("factor", [1, 4, 15])
def test_cropped_without_border_and_enlarged(recognizer, glyphs, factor):
    wrong = []
    for digit, crops in glyphs.items():
        for crop in crops[:6]:
            page = cv2.resize(crop, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
            for polarity in (page, 255 - page):
                read = recognizer.read_pixels(polarity).number
                wrong += [(digit, read)] if read != str(digit) else []
    assert len(wrong) <= 3, wrong  # of 120: where the digit is all of the picture, nothing tells ink from paper


@robust
@given(
    number=st.text(DIGITS, min_size=1, max_size=4),
    room=st.integers(14, 40),
    pen=st.integers(1, 3),
    grey=st.integers(60, 190),
    which=st.integers(0, 3),
)
def test_a_frame_around_it(recognizer, write, number, room, pen, grey, which):
    """But for one that is the border of the picture itself: that is still taken for dark paper around light."""
    page = np.pad(write(number, 40, margin=0, which=which), room, constant_values=255)
    framed = np.pad(page, pen, constant_values=grey)
    for margin in (4, 12):
        assert recognizer.read_pixels(np.pad(framed, margin, constant_values=255)).number == number


colours = st.tuples(*[st.integers(0, 255)] * 3)


@robust
@given(number=st.text(DIGITS, min_size=1, max_size=4), paper=colours, ink=colours, which=st.integers(0, 3))
def test_any_two_colours_light_on_dark_or_dark_on_light(recognizer, write, number, paper, ink, which):
    assume(max(abs(p - i) for p, i in zip(paper, ink, strict=True)) >= 50)
    page = coloured(write(number, 40, which=which), paper, ink)
    assert recognizer.read_pixels(page).number == number


@pytest.mark.parametrize("light", ["gradient", "corner", "vignette", "shadow"])
def test_uneven_light(recognizer, write, light):
    for number in ("4", "2071", "95"):
        page = write(number, 60, margin=1).astype(np.float32)
        h, w = page.shape
        y, x = np.mgrid[0 : 1 : h * 1j, 0 : 1 : w * 1j]
        lamp = {
            "gradient": 0.35 + 0.65 * x,
            "corner": 1 - 0.6 * x * y,
            "vignette": 1 - 0.5 * ((x - 0.5) ** 2 + (y - 0.5) ** 2),
            "shadow": 1 - 0.4 / (1 + np.exp(-(x - 0.6 * y - 0.2) * 60)),
        }[light]
        page = (110 + 0.5 * page) * lamp  # ink has half the light of the paper
        assert recognizer.read_pixels(page.astype(np.uint8)).number == number


@pytest.mark.parametrize("spread", [3, 10, 20])
def test_noisy_ground(recognizer, write, spread):
    random = np.random.default_rng(spread)
    read = []
    for number in ("5", "38", "904", "7", "61", "2"):
        page = 60 + 0.6 * write(number, 45)
        page = np.clip(page + random.normal(0, spread, page.shape), 0, 255).astype(np.uint8)
        read.append(recognizer.read_pixels(page).number == number)
    assert sum(read) >= len(read) - 1


@pytest.mark.parametrize("number", ["318", "6140"])
def test_a_leaning_one_among_other_digits(recognizer, write, number):
    assert recognizer.read_pixels(write(number, 40, which=3)).number == number


@pytest.mark.parametrize("digit", "123456789")  # so small a 0 is not read
def test_eight_by_eight_pixels(recognizer, write, digit):
    page = 255 - cv2.resize(255 - write(digit, 40, margin=0.05), (8, 8), interpolation=cv2.INTER_AREA)
    reading = recognizer.read(png(page))
    assert len(reading.number) == 1
    assert reading.numbers[0].digits[0].box.w <= 8


@pytest.mark.parametrize("height", [13, 18])
def test_small_numbers_on_a_page_as_it_is_scanned(recognizer, write, height):
    page = np.full((1680, 1190), 250, np.uint8)
    numbers = ["4072", "183", "95", "6210", "748", "36"]
    for at, number in enumerate(numbers):
        written = write(number, height)
        top, left = 150 + 230 * at, 120 + 150 * at
        page[top : top + written.shape[0], left : left + written.shape[1]] = np.minimum(written, 250)
    read = [number.text for number in recognizer.read_pixels(page).numbers]
    assert len(set(read) & set(numbers)) >= 4, read


def test_small_digits_say_so(recognizer, write):
    small = [recognizer.read_pixels(write(number, 6)) for number in ("4072", "8358", "9463")]
    assert any("small" in line for reading in small for line in reading.advice)
    assert recognizer.read_pixels(write("27", 60)).advice == ()


def test_faint_writing_says_so(recognizer, write):
    page = (200 + write("4072", 40) * 0.1).astype(np.uint8)
    reading = recognizer.read_pixels(page)
    assert reading.number == "4072"
    assert any("faint" in line for line in reading.advice)


@pytest.mark.parametrize("size", [(8, 8), (28, 28), (200, 300), (1500, 1000)])
@pytest.mark.parametrize("level", [0, 90, 255])
def test_blank_page(recognizer, size, level):
    reading = recognizer.read_pixels(np.full((*size, 3), level, np.uint8))
    assert (reading.number, reading.numbers, reading.primary, reading.confidence) == ("", (), None, 0.0)
    assert "written" in reading.advice[0]


@pytest.mark.parametrize("size", [28, 64, 200, 600])
@pytest.mark.parametrize("level", [15, 128, 245])
def test_blank_paper_in_bad_light_is_no_digit(recognizer, size, level):
    random = np.random.default_rng(size + level)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    for paper in (
        random.normal(0, 3, (size, size)),
        random.normal(0, 25, (size, size)),
        40 * x + 20 * x * y,
        random.normal(0, 3, (size, size)) - 40 * (x * x + y * y),
    ):
        reading = recognizer.read_pixels(np.clip(level + paper, 0, 255).astype(np.uint8))
        assert reading.number == ""
        assert reading.advice


def test_a_soft_shadow_is_no_digit(recognizer):
    x = np.linspace(-1, 1, 300)
    paper = 150 + 80 * np.tanh(4 * x)[None].repeat(200, 0)
    assert recognizer.read_pixels(paper.astype(np.uint8)).number == ""


def test_a_dotted_ground_is_no_number(recognizer):
    page = np.full((600, 600), 255, np.uint8)
    page[::20, ::20] = page[1::20, ::20] = page[2::20, ::20] = 0
    reading = recognizer.read_pixels(page)
    assert reading.numbers == ()
    assert "number" in reading.advice[0]


@pytest.mark.parametrize("name", ["astronaut", "grass", "gravel", "moon"])
@pytest.mark.parametrize("side", [None, 200, 64])
def test_photograph(recognizer, name, side):
    photograph = getattr(skimage.data, name)()
    if side:
        photograph = cv2.resize(photograph, (side, side), interpolation=cv2.INTER_AREA)
    reading = recognizer.read(png(photograph))
    assert reading.number == ""
    assert reading.advice


@pytest.mark.parametrize("name", ["chelsea", "coffee", "page"])
def test_what_looks_like_a_digit_in_a_photograph_or_in_print_is_not_sure(recognizer, name):
    assert recognizer.read_pixels(getattr(skimage.data, name)()).confidence < 0.8


def test_boxes_are_in_pixels_of_the_upright_original(recognizer, write):
    page = cv2.resize(write("7", 40, margin=1), None, fx=20, fy=20, interpolation=cv2.INTER_CUBIC)
    out, exif = BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(page)).save(out, "JPEG", exif=exif)
    reading = recognizer.read(out.getvalue())
    assert reading.number == "7"
    x, y, w, h = reading.numbers[0].box
    rows, columns = np.nonzero(page < 128)
    expected = columns.min(), rows.min(), np.ptp(columns), np.ptp(rows)
    assert np.abs(np.subtract((x, y, w, h), expected)).max() <= 30
    assert reading.numbers[0].digits[0].box == reading.numbers[0].box


def test_confidence_is_that_of_the_digits_and_of_their_count(recognizer, write):
    reading = recognizer.read_pixels(write("3258", 50))
    digits = reading.numbers[0].digits
    assert 0.5 < reading.confidence <= np.prod([max(digit.probabilities) for digit in digits])
    assert [digit.value for digit in digits] == [3, 2, 5, 8]
    assert all(sum(digit.probabilities) == pytest.approx(1, abs=1e-4) for digit in digits)
    assert reading.model_version == recognizer.model_version
    assert Reading.from_dict(reading.to_dict()).number == "3258"


def test_primary_is_the_most_prominent_number(recognizer, write):
    small, large = write("12", 30), write("4072", 60)
    page = np.full((small.shape[0] + large.shape[0], max(small.shape[1], large.shape[1])), 255, np.uint8)
    page[: small.shape[0], : small.shape[1]] = small
    page[small.shape[0] :, : large.shape[1]] = large
    reading = recognizer.read_pixels(page)
    assert [number.text for number in reading.numbers] == ["12", "4072"]
    assert (reading.primary, reading.number) == (1, "4072")


def test_threads_read_as_one_does(recognizer, write):
    pages = [png(write(str(number), 40)) for number in range(100, 140)]
    alone = [recognizer.read(page) for page in pages]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(recognizer.read, pages)) == alone


def test_errors_of_decode_pass_through(recognizer):
    with pytest.raises(BrokenPicture):
        recognizer.read(b"\x89PNG\r\n\x1a\n")


def test_what_is_expected_is_read_with_the_free_reading_beside_it(recognizer, write):
    page = write("4072", 50)
    free = recognizer.read_pixels(page)
    assert (free.number, free.free) == ("4072", None)

    fits = recognizer.read_pixels(page, expectation("4 digits"))
    assert (fits.number, fits.free, fits.numbers[0].free, fits.advice) == ("4072", None, None, ())
    assert fits.confidence >= free.confidence

    other = recognizer.read_pixels(page, expectation("4012,5555"))
    assert (other.number, other.free, other.numbers[0].free) == ("4012", "4072", "4072")
    assert other.confidence < 0.1  # it is neither
    assert any("4072" in line for line in other.advice)
    assert [digit.value for digit in other.numbers[0].digits] == [4, 0, 1, 2]
    assert Reading.from_dict(other.to_dict()).to_dict() == other.to_dict()


def test_a_number_of_which_nothing_fits_is_none(recognizer, write):
    reading = recognizer.read_pixels(write("4072", 50), expectation("3 digits"))
    assert len(reading.number) == 3
    assert reading.confidence < recognizer.read_pixels(write("4072", 50)).confidence
    assert reading.free == "4072"

    reading = recognizer.read_pixels(write("4072", 50), expectation("90 digits"))
    assert (reading.number, reading.numbers, reading.primary, reading.confidence) == ("", (), None, 0.0)
    assert reading.free == "4072"
    assert "90 digits" in reading.advice[0]
    assert "4072" in reading.advice[0]


def test_the_primary_number_is_the_one_that_is_expected(recognizer, write):
    small, large = write("12", 40), write("4072", 60)
    page = np.full((small.shape[0] + large.shape[0], max(small.shape[1], large.shape[1])), 255, np.uint8)
    page[: small.shape[0], : small.shape[1]] = small
    page[small.shape[0] :, : large.shape[1]] = large
    reading = recognizer.read_pixels(page, expectation("1-2 digits"))
    assert (reading.number, reading.free) == ("12", "4072")
    reading = recognizer.read_pixels(page, expectation("0..5000 luhn"))
    assert [number.free for number in reading.numbers] == ["12", "4072"]


def test_a_doubtful_digit_is_settled_by_what_is_expected(recognizer, write):
    """A 1 drawn over to a 7 halfway: whichever of the two is expected is read."""
    page = write("41", 60).astype(np.int32) + write("47", 60)[:, : write("41", 60).shape[1]]
    page = np.minimum(page // 2, 255).astype(np.uint8)
    for value in ("41", "47"):
        reading = recognizer.read_pixels(page, expectation(f"{value},90"))
        assert reading.number == value
