"""Numbers on ruled and squared paper, on dark heads and stripes, in hard shadows, on a table, among specks."""

import cv2
import numpy as np
import pytest


def on_paper(number, squared: bool, cell: int, pen: int, strength: int, turn: float = 0.0):
    """A page (h, w) of that paper, with a number (h, w), dark on 255, written across its lines."""
    h, w = number.shape[0] + 7 * cell, number.shape[1] + 8 * cell
    page = np.full((h, w), 235, np.uint8)
    for y in range(cell // 2, h, cell):
        page[y : y + pen] = 235 - strength
    for x in range(cell // 3, w if squared else 0, cell):
        page[:, x : x + pen] = 235 - strength
    part = page[3 * cell : 3 * cell + number.shape[0], 4 * cell : 4 * cell + number.shape[1]]
    np.minimum(part, number, out=part)
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), turn, 1.05)
    soft = cv2.warpAffine(cv2.GaussianBlur(page, (3, 3), 0), matrix, (w, h), borderMode=cv2.BORDER_REFLECT)
    noise = np.random.default_rng(1).normal(0, 2, soft.shape)
    return np.clip(soft + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("number", ["4072", "36", "9581"])
@pytest.mark.parametrize("turn", [0, 4])
@pytest.mark.parametrize(
    ("squared", "cell", "pen", "strength"), [(True, 24, 1, 40), (True, 30, 2, 110), (False, 36, 2, 70)]
)
def test_writing_on_ruled_and_squared_paper(recognizer, write, number, turn, squared, cell, pen, strength):
    page = on_paper(write(number, 60, margin=0), squared, cell, pen, strength, turn)
    assert recognizer.read_pixels(page).number == number


@pytest.mark.parametrize("squared", [True, False])
def test_a_page_as_large_as_a_photograph(recognizer, write, squared):
    page = on_paper(write("4072", 60, margin=0), squared, 30, 2, 70)
    large = cv2.resize(page, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    assert recognizer.read_pixels(large).number == "4072"


def test_chalk_on_a_squared_board(recognizer, write):
    assert recognizer.read_pixels(255 - on_paper(write("4072", 60, margin=0), True, 28, 2, 80)).number == "4072"


def test_squared_paper_with_nothing_on_it_is_no_number(recognizer):
    for strength in (40, 110):
        assert recognizer.read_pixels(on_paper(np.full((60, 90), 255, np.uint8), True, 30, 2, strength)).number == ""


def photographed(page, seed: int):
    """With a lens, a sensor and JPEG."""
    noise = np.random.default_rng(seed).normal(0, 3, page.shape)
    pixels = np.clip(cv2.GaussianBlur(page.astype(np.float32), (0, 0), 1) + noise, 0, 255)
    return cv2.imdecode(cv2.imencode(".jpg", pixels)[1], cv2.IMREAD_GRAYSCALE)


def beside(write, upper: str, lower: str, turned: bool):
    """Two numbers, dark on 255, one above the other or, turned, the pages side by side; and where the second begins."""
    pages = [write(number, 40, margin=0.9) for number in (upper, lower)]
    axis = 1 if turned else 0
    long = max(page.shape[1 - axis] for page in pages)
    padded = [
        np.pad(page, [(0, 0 if at == axis else long - page.shape[at]) for at in (0, 1)], constant_values=255)
        for page in pages
    ]
    return np.concatenate(padded, axis), padded[0].shape[axis]


@pytest.mark.parametrize(("upper", "lower"), [("4072", "398"), ("95", "6840")])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("first", [True, False])
def test_numbers_on_a_dark_head_and_below_it(recognizer, write, upper, lower, turned, first):
    page, cut = beside(write, upper, lower, turned)
    grey = 60 + 0.65 * page
    head = (slice(None), slice(cut)) if turned else (slice(cut),)
    grey[head] = 255 - grey[head]
    pixels = photographed(grey if first else 255 - grey, 1)
    assert [number.text for number in recognizer.read_pixels(pixels).numbers] == [upper, lower]


@pytest.mark.parametrize(("upper", "lower"), [("4072", "398"), ("95", "6840")])
@pytest.mark.parametrize("light", [0.35, 0.6])
def test_numbers_in_a_shadow_with_a_straight_edge_and_beside_it(recognizer, write, upper, lower, light):
    page, cut = beside(write, upper, lower, False)
    grey = 40 + 0.7 * page
    grey[:cut] *= light
    assert [n.text for n in recognizer.read_pixels(photographed(grey, 2)).numbers] == [upper, lower]


@pytest.mark.parametrize("number", ["7", "0", "4072"])
def test_a_number_across_the_edges_of_a_stripe(recognizer, write, number):
    page = write(number, 60, margin=0.6)
    quarter = page.shape[1] // 4
    page[:, quarter:-quarter] = 255 - page[:, quarter:-quarter]
    assert recognizer.read_pixels(page).number == number


def peppered(page, share: float):
    random = np.random.default_rng(3)
    return np.where(random.random(page.shape) < share, random.choice([0, 255], page.shape), page).astype(np.uint8)


@pytest.mark.parametrize(
    ("height", "number"),
    [
        (20, "4072"),
        (20, "9581"),
        (40, "4072"),
        (40, "36"),
        (40, "9581"),
        (20, "36"),
    ],
)
def test_a_number_among_specks(recognizer, write, number, height):
    assert recognizer.read_pixels(peppered(write(number, height), 0.2)).number == number


def on_a_table(number, table: int, moved: tuple[int, int], turn: float):
    """A page of 700 x 500 pixels with a number (h, w) on it, on a table of that grey level (600, 800)."""
    page = np.full((500, 700), 225, np.uint8)
    h, w = number.shape
    page[200 : 200 + h, 180 : 180 + w] = np.minimum(number, 225)
    matrix = cv2.getRotationMatrix2D((350, 250), turn, 1.0)
    matrix[:, 2] += moved
    seen = cv2.warpAffine(page, matrix, (800, 600), borderValue=table).astype(np.float64)
    noise = np.random.default_rng(2).normal(0, 3, seen.shape)
    return np.clip(seen * np.linspace(1, 0.85, 800) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("table", [30, 90, 140])
@pytest.mark.parametrize("moved", [(50, 50), (10, 40), (130, 120)], ids=["all around", "along the left", "in a corner"])
def test_a_page_on_a_table(recognizer, write, table, moved):
    for number, turn in (("4072", 0), ("36", 3)):
        assert recognizer.read_pixels(on_a_table(write(number, 70, margin=0), table, moved, turn)).number == number
