"""Batches of synthesized strips, made by a process of their own while the network learns from the last ones."""

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.models.registry import open_version
from mnist_predict.training import handwriting
from mnist_predict.training.handwriting import Sample
from mnist_predict.training.supply import supplied
from mnist_predict.training.synthesis import real
from mnist_predict.training.synthesis.camera import Strip
from mnist_predict.training.synthesis.generator import Labelled, Synthesis
from mnist_predict.training.synthesis.paper import Papers
from mnist_predict.training.synthesis.shapes import bank, displays, fonts
from mnist_predict.training.synthesis.shapes.bank import Bank
from mnist_predict.training.synthesis.style import HEIGHT
from mnist_predict.vision.read.classifier import Classifier

CHUNK = 1024  # strips sorted by width together, so that a batch has little padding
AREA = 32 * 112  # columns in a batch
PLAIN = 0.1  # of strips, at least, are clean ink on clean paper
DRAWN = 40_000  # digits in national shapes, and a tenth of it for those held out
DISPLAYS = 200  # each with ten digits
WORDS = 2_000  # and half as many signs
REAL = 0.2  # of strips are numbers that real hands wrote, where there are any
LEARNED = 0.5  # of strips are what people corrected, where there is any
FEWER = 5  # times fewer shapes where a run is short


class Batch(NamedTuple):
    """Strips uint8 `[N, 32, W]`, W a multiple of 4, their labels, what may stand there unlabelled, and which strips
    people labelled."""

    strips: NDArray[np.uint8]
    labels: list[str]
    loose: list[str]
    learned: list[bool]


class Source(NamedTuple):
    """What strips are made of: shapes to write with, words and signs, real numbers, and pictures that
    people labelled."""

    bank: Bank
    words: fonts.Words | None
    numbers: list[Sample]
    learned: Sequence[Sample] = ()


def open_source(data: Path, hands: Path | None, held_out: bool, seed: int, short: bool = False) -> Source:
    """What to train with, or what is held out: other writers, other fonts. `hands`: see `handwriting`.

    `short`: with fewer shapes, made in a fifth of the time, for a run that shows none of them often.
    """
    fewer = FEWER if short else 1
    cv2.setNumThreads(1)  # its threads do not survive the fork of `supply`
    rng = np.random.default_rng((seed, 7))
    classifier = Classifier(open_version().folder / "digits")
    found = [path for path in fonts.find() if fonts.is_held_out(path) == held_out][::fewer]

    def glyphs(written: bool) -> bank.Shapes | None:
        listed = [
            (mask, digit, number)
            for number, path in enumerate(found)
            if fonts.is_written(path) == written
            for digit, mask in enumerate(fonts.digits(path, classifier))
        ]
        return bank.of_glyphs(listed) if listed else None

    printed = [mark for path in found if not fonts.is_written(path) for mark in fonts.marks(path, list(bank.MARKS))]
    shapes = Bank(
        bank.of_mnist(data, held_out, fewer),
        bank.of_strokes((DRAWN // 10 if held_out else DRAWN) // fewer, rng),
        bank.of_marks(DRAWN // 13 // fewer, rng),
        displays.shapes(DISPLAYS // fewer, rng),
        glyphs(True),
        glyphs(False),
        bank.of_samples(handwriting.digits(hands, held_out)) if hands else None,
        bank.of_printed_marks(printed) if printed else None,
    )
    count = WORDS // fewer
    words = fonts.make_words(found, count, rng) if found else None
    return Source(shapes, words, handwriting.numbers(hands, held_out) if hands else [])


def held_out(data: Path, hands: Path | None, count: int, seed: int = 1) -> tuple[list[Labelled], list[Labelled]]:
    """The same so many strips of hands and fonts that are not trained on; and half as many real numbers."""
    source = open_source(data, hands, True, seed)
    rng = np.random.default_rng((seed, 11))
    papers = Papers(HEIGHT, source.words, rng)
    synthesis = Synthesis(source.bank, papers, rng)
    made = [synthesis.strip() for _ in range(count)]
    return made, [real.strip(source.numbers, papers, rng, 0.1) for _ in range(count // 2)] if source.numbers else []


def supply(source: Source, seed: int, first: int, easy: int) -> Generator[Batch]:
    """Batches without end, from the chunk of that number on; the same for the same seed.

    Of the first `easy` chunks ever fewer strips are plain: what is seen clearly is learned first. Raises
    `RuntimeError` when the process that makes them has died.
    """
    return supplied(lambda: _make(source, seed, first, easy), 24)


def batches(strips: list[Labelled], rng: np.random.Generator) -> Iterator[Batch]:
    """The strips in batches of about the same area, like widths together, in no order."""
    strips = sorted(strips, key=lambda strip: strip.strip.shape[1])
    parts = []
    while strips:
        count = max(1, AREA // strips[-1].strip.shape[1])
        parts.append(strips[-count:])
        del strips[-count:]
    for i in rng.permutation(len(parts)):
        pictures, *said = zip(*parts[i], strict=True)
        yield Batch(padded(pictures), *map(list, said))


def padded(strips: Sequence[Strip]) -> NDArray[np.uint8]:
    """Strips `[N, 32, W]`, each continued to the right by its last column."""
    wide = -(-max(strip.shape[1] for strip in strips) // 4) * 4
    return np.stack([np.pad(strip, ((0, 0), (0, wide - strip.shape[1])), mode="edge") for strip in strips])


def _make(source: Source, seed: int, first: int, easy: int) -> Iterator[Batch]:
    papers = Papers(HEIGHT, source.words, np.random.default_rng((seed, 13)))
    learned = int(CHUNK * LEARNED) if source.learned else 0
    written = int(CHUNK * REAL) if source.numbers else 0
    chunk = first
    while True:
        rng = np.random.default_rng((seed, 17, chunk))
        papers.rng = rng
        plain = max(PLAIN, 0.9 * (1 - chunk / max(easy, 1)))
        synthesis = Synthesis(source.bank, papers, rng, plain)
        strips = [synthesis.strip() for _ in range(CHUNK - written - learned)]
        strips += [real.strip(source.numbers, papers, rng, plain) for _ in range(written)]
        shown = (real.strip(source.learned, papers, rng, plain, real.AS_READ) for _ in range(learned))
        strips += [strip._replace(learned=True) for strip in shown]
        yield from batches(strips, rng)
        chunk += 1
