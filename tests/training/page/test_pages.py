"""Pages to train the page network on: what is on them, and what is said of it."""

import numpy as np
import pytest

from mnist_predict.training.page import batches
from mnist_predict.training.page.pages import Page, Pages
from mnist_predict.training.page.scenery import Textures
from mnist_predict.training.page.sheet import Sheet
from mnist_predict.training.synthesis.paper import Papers
from mnist_predict.training.synthesis.shapes.bank import Bank
from mnist_predict.training.synthesis.shapes.fonts import Words
from mnist_predict.training.synthesis.style import HEIGHT
from mnist_predict.vision.find.page import CELL, INSIDE, LOWEST, TALLEST, grown


@pytest.fixture(scope="module")
def pages(shapes: Bank) -> Pages:
    rng = np.random.default_rng(0)
    some = [rng.integers(0, 256, (24, int(wide)), np.uint8) for wide in rng.integers(8, 120, 20)]
    words = Words(some[:10], some[10:])
    return Pages(Sheet(shapes, words, Textures(rng), Papers(HEIGHT, words, rng), rng))


def made(pages: Pages, seed: int, count: int, height: int = 128, width: int = 192) -> list[Page]:
    pages.reseed(np.random.default_rng(seed))
    return [pages.page(height, width) for _ in range(count)]


def test_a_page_is_a_grey_picture_with_lines_of_digits_or_none(pages: Pages) -> None:
    some = made(pages, 1, 150)
    for page in some:
        assert page.grey.dtype == np.uint8
        assert page.grey.shape == (128, 192)
        for part in (page.target.kernel, page.target.weight, page.target.height):
            assert part.shape == (32, 48)
        assert all(line.digits.isdecimal() or not line.digits for line in page.lines)
    counts = [len(page.lines) for page in some]
    assert 20 <= counts.count(0) <= 75
    assert max(counts) >= 15
    turned = [line.seen.angle for page in some for line in page.lines]
    assert any(abs(angle) > 2.5 for angle in turned)
    assert any(1.2 < angle < 1.9 for angle in turned)
    assert any(-1.9 < angle < -1.2 for angle in turned)
    # Ink is dark on most pages, light on some.
    dark = [np.median(page.grey) > page.grey.mean() for page in some if len(page.lines) == 1]
    assert 0 < np.mean(dark) < 1


def test_the_same_seed_gives_the_same_pages(pages: Pages) -> None:
    one, same, other = (made(pages, seed, 12) for seed in (3, 3, 4))
    assert all(np.array_equal(a.grey, b.grey) and a.lines == b.lines for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a.grey, b.grey) for a, b in zip(one, other, strict=True))


def test_kernels_that_are_told_rightly_grow_to_the_lines_that_were_written(pages: Pages) -> None:
    there = central = found = seen = 0
    for page in made(pages, 5, 120):
        h, w = page.grey.shape
        target = page.target
        lines = grown(np.stack([target.kernel, target.height, target.across, target.down]))
        seen += len(lines)
        for line in (one.seen for one in page.lines):
            inside = line.height < line.x < w - line.height and line.height < line.y < h - line.height
            if not (inside and LOWEST <= line.height <= TALLEST and line.length < w / 2):
                continue
            there += 1
            central += int(target.kernel[int(line.y / CELL), int(line.x / CELL)])
            alike = [one for one in lines if one.shared(line) >= INSIDE]
            found += any(
                abs(one.height / line.height - 1) < 0.1 and abs(np.sin(one.angle - line.angle)) < 0.2 for one in alike
            )
    assert there > 100
    assert central > 0.99 * there  # of the lowest a kernel may lie in the cells beside
    assert found > 0.93 * there  # lines that touch are one kernel
    assert seen >= found


def test_what_is_too_low_or_too_tall_to_be_seen_is_not_asked_for(pages: Pages) -> None:
    heights = {True: 0, False: 0}
    for page in made(pages, 6, 60, 192, 192):
        alone = [line for line in page.lines if LOWEST <= line.height <= TALLEST]
        heights[bool(alone)] += 1
        assert bool(page.target.kernel.any()) <= bool(alone)
        assert not page.target.kernel[page.target.weight == 0].any() or len(page.lines) > 1
    assert min(heights.values()) > 5


def test_a_batch_holds_pages_of_one_size(pages: Pages) -> None:
    pages.reseed(np.random.default_rng(7))
    batch = batches.batch(pages)
    n, h, w = batch.pages.shape
    assert (h, w) in batches.SIZES
    assert batch.maps.shape == (n, 5, h // CELL, w // CELL)
    assert len(batch.lines) == n
