"""The strip is what the network got: cut anew out of the picture, it is what was read."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mnist_predict.reading import Box, Number
from mnist_predict.vision.load.raster import Picture
from mnist_predict.vision.read import ensemble as looking
from mnist_predict.vision.read.strip import strip_box, strip_of


@pytest.mark.parametrize("margin", [0, 0.2, 1.0])
def test_it_is_a_crop_that_was_read(recognizer, write, monkeypatch, margin):
    page = np.repeat(write("4072", 50, margin=margin)[..., None], 3, axis=2)
    seen = []
    cut = looking.cut
    monkeypatch.setattr(looking, "cut", lambda *given: seen.append(cut(*given)) or seen[-1])
    reading = recognizer.read_pixels(page)
    strip = strip_of(Picture(page, page.shape[1::-1], 1.0), reading.numbers[0])
    assert any(np.array_equal(strip, one) for one in seen)
    assert recognizer.read_pixels(strip).number == "4072"


def test_of_a_large_picture_it_is_cut_out_of_the_pixels_that_were_read(recognizer, write):
    small = np.repeat(write("31", 60)[..., None], 3, axis=2)
    height, width = small.shape[:2]
    number = recognizer.read_pixels(small).numbers[0]
    large = replace(number, box=Box(*(4 * value for value in number.box)))
    strip = strip_of(Picture(small, (4 * width, 4 * height), 4.0), large)
    assert np.array_equal(strip, strip_of(Picture(small, (width, height), 1.0), number))
    assert strip_box(large.box, (4 * width, 4 * height)).w >= 4 * number.box.w


def test_where_nothing_stands_out_it_is_paper():
    page = np.full((60, 80, 3), 200, np.uint8)
    strip = strip_of(Picture(page, (80, 60), 1.0), Number("7", 1.0, 0, Box(10, 10, 40, 40), ()))
    assert strip.min() == strip.max() == 200
    assert Image.fromarray(strip).mode == "L"


@pytest.mark.parametrize(
    ("paper", "ink"),
    [((214, 208, 190), (30, 35, 90)), ((250, 240, 150), (20, 60, 160)), ((255, 255, 255), (200, 30, 30))],
)
def test_what_is_dark_in_the_picture_is_dark_in_it(paper, ink):
    """Colours are made grey along the axis on which they differ most, whose sign says nothing."""
    page = np.full((60, 160, 3), paper, np.int16)
    page[15:45, 70:76] = ink
    page = np.clip(page + np.random.default_rng(1).integers(-3, 4, page.shape), 0, 255).astype(np.uint8)
    strip = strip_of(Picture(page, (160, 60), 1.0), Number("1", 1.0, 0, Box(60, 10, 30, 40), ()))
    assert strip[0, 0] > strip.min()
