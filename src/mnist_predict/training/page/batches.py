"""Batches of synthesized pages, made by a process of their own while the network learns from the last ones."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_predict.training.line.batches import Source, open_source
from mnist_predict.training.page.labels import Placed
from mnist_predict.training.page.pages import Page, Pages
from mnist_predict.training.page.scenery import Textures
from mnist_predict.training.page.sheet import Sheet
from mnist_predict.training.supply import supplied
from mnist_predict.training.synthesis.paper import Papers
from mnist_predict.training.synthesis.style import HEIGHT

AREA = 4 * 256 * 256  # pixels in a batch
SIZES = ((32, 32), (64, 64), (64, 96), (64, 192), (64, 320), (96, 96), (96, 160), (128, 128), (128, 192), (160, 224),
         (192, 192), (192, 256), (256, 192), (256, 256), (256, 320), (320, 256))  # fmt: skip
_SHARES = np.array((1, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 4, 3, 4, 4, 4), float)


class Batch(NamedTuple):
    """Pages uint8 `[N, H, W]`; `maps` float16 `[N, 5, H / 4, W / 4]`: kernel, height, across, down, weight; and the
    lines on each page."""

    pages: NDArray[np.uint8]
    maps: NDArray[np.float16]
    lines: list[list[Placed]]


def open_pages(source: Source, rng: np.random.Generator) -> Pages:
    """Pages made of what that source holds."""
    return Pages(Sheet(source.bank, source.words, Textures(rng), Papers(HEIGHT, source.words, rng), rng))


def batch(pages: Pages) -> Batch:
    """A batch of pages of one size."""
    rng = pages.rng
    height, width = SIZES[int(rng.choice(len(SIZES), p=_SHARES / _SHARES.sum()))]
    return gathered([pages.page(height, width) for _ in range(max(2, min(64, AREA // (height * width))))])


def gathered(made: list[Page]) -> Batch:
    """Pages of one size as a batch."""
    maps = [np.stack([t.kernel, t.height, t.across, t.down, t.weight]) for t in (page.target for page in made)]
    return Batch(np.stack([page.grey for page in made]), np.stack(maps).astype(np.float16), [p.lines for p in made])


def held_out(data: Path, hands: Path | None, count: int, seed: int = 1) -> list[Batch]:
    """The same so many batches of hands and fonts that are not trained on."""
    pages = open_pages(open_source(data, hands, True, seed), np.random.default_rng((seed, 11)))
    return [batch(pages) for _ in range(count)]


def supply(source: Source, seed: int, first: int, each: int) -> Generator[Batch]:
    """Batches without end, from the epoch of that number on, which has so many; the same for the same seed."""
    return supplied(lambda: _make(source, seed, first, each), 12)


def _make(source: Source, seed: int, epoch: int, each: int) -> Iterator[Batch]:
    pages = open_pages(source, np.random.default_rng((seed, 13)))
    while True:
        pages.reseed(np.random.default_rng((seed, 17, epoch)))
        for _ in range(each):
            yield batch(pages)
        epoch += 1
