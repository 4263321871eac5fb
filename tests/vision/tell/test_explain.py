"""The drawing of a reading."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from mnist_predict.errors import NotAPicture
from mnist_predict.reading import Box, Digit, Number, Reading
from mnist_predict.vision.tell.explain import _words as words_of
from mnist_predict.vision.tell.explain import draw


def png(pixels) -> bytes:
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def reading_of(box, *sure) -> Reading:
    x, y, w, h = box
    digits = tuple(
        Digit(7, Box(x + at * w // len(sure), y, w // len(sure), h), (*[(1 - p) / 9] * 7, p, (1 - p) / 9, (1 - p) / 9))
        for at, p in enumerate(sure)
    )
    number = Number("7" * len(sure), float(np.prod(sure)), 0, box, digits)
    return Reading((number,), 0, (), "version-1")


def drawn(pixels, reading):
    image = Image.open(BytesIO(draw(png(pixels), reading)))
    assert image.format == "PNG"
    return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("size", [(8, 8), (28, 28), (300, 900), (2400, 1600)])
def test_small_pictures_are_enlarged_and_large_ones_reduced(size):
    page = drawn(np.full(size, 255, np.uint8), reading_of(Box(1, 1, size[1] - 2, size[0] - 2), 0.99))
    assert 480 <= max(page.shape) <= 2300


def test_boxes_have_the_colour_of_their_confidence():
    page = drawn(np.full((100, 300), 255, np.uint8), reading_of(Box(30, 20, 240, 60), 0.999, 0.7, 0.3))
    red, green, blue = (page[..., channel] for channel in range(3))
    sure, unsure, doubtful = green - red > 80, red - green > 120, (red - blue > 150) & (green > 70)
    columns = [np.nonzero(mask)[1].mean() for mask in (sure, doubtful & ~unsure, unsure)]
    assert columns == sorted(columns)


def test_a_number_is_told_as_it_is_written():
    one = reading_of(Box(1, 1, 20, 20), 0.9, 0.8)
    read = replace(one, numbers=(replace(one.numbers[0], written="-7.7"),))
    title, lines = words_of(read)
    assert title == "-7.7"
    assert lines[0].startswith("-7.7 (")


def test_a_reading_without_number_is_drawn_with_its_advice():
    blank = np.full((60, 60), 255, np.uint8)
    short = drawn(blank, Reading((), None, ("Use a darker pen.",), "version-1"))
    long = drawn(blank, Reading((), None, ("Use a darker pen.", "Send a larger picture. " * 5), "version-1"))
    assert long.shape[0] > short.shape[0]
    assert long.shape[1] > short.shape[1]


def test_the_strip_that_the_network_got_is_drawn_below(recognizer, write):
    page = write("4072", 60)
    reading = recognizer.read_pixels(page)
    whole, bare = drawn(page, reading), drawn(page, replace(reading, primary=None, numbers=()))
    rows = (whole < 60).all(axis=2).sum(axis=1) > 0.05 * whole.shape[1]
    runs = np.flatnonzero(np.diff(np.flatnonzero(rows)) > 20)
    assert len(runs) >= 1  # the picture, and below it the strip
    assert whole.shape[0] > bare.shape[0] + 60


def test_what_is_no_picture_cannot_be_drawn_on():
    with pytest.raises(NotAPicture):
        draw(b"seven", Reading((), None, (), "version-1"))
