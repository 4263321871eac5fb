"""Real handwriting beside MNIST: digits and whole numbers of other hands, from a folder of archives.

An archive is a zip of grey PNG files, dark ink on a light ground, with `labels.csv` (`image_name,label,hand`), or a
`.jsonl.gz` of lines `{"label", "hand", "strokes": [[[x, y], ...], ...]}`, the longer side 1000, y downwards. A hand is
a writer, or the page of a register; a tenth of the hands is held out for validation.
"""

import csv
import gzip
import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.errors import BadRequest

PER_HAND = 1_500  # digits of one hand: whoever wrote more would teach the network little else
PER_LABEL = 50  # strips of the same number
Grey = NDArray[np.uint8]
Strokes = list[NDArray[np.float64]]  # each (points, 2), x right and y down, in a box whose longer side is 1


class Sample(NamedTuple):
    """A digit or a number, as grey pixels (h, w) or as strokes of the pen, and who wrote it."""

    ink: Grey | Strokes
    label: str
    hand: str


def is_held_out(hand: str) -> bool:
    """Whether that hand is kept for validation."""
    return zlib.crc32(hand.encode()) % 10 == 0


def digits(folder: Path, held_out: bool) -> list[Sample]:
    """Single digits of the hands that are trained on, or held out. Raises `BadRequest` where there are none."""
    count: Counter[str] = Counter()
    found = []
    for sample in _samples(folder, held_out):
        if len(sample.label) == 1 and count[sample.hand] < PER_HAND:
            count[sample.hand] += 1
            found.append(sample)
    if not found:
        raise BadRequest(f"{folder} holds no digits to train on: see the format in the help of --hands.")
    return found


def numbers(folder: Path, held_out: bool) -> list[Sample]:
    """Whole numbers of two digits and more, the same label at most `PER_LABEL` times."""
    count: Counter[str] = Counter()
    found = []
    for sample in _samples(folder, held_out):
        if len(sample.label) > 1 and count[sample.label] < PER_LABEL:
            count[sample.label] += 1
            found.append(sample)
    return found


def names(folder: Path) -> list[str]:
    """The archives of a folder, for the report of what was trained on them."""
    return [path.name for path in _archives(folder)]


def _archives(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.zip"), *folder.glob("*.jsonl.gz")])


def _samples(folder: Path, held_out: bool) -> Iterator[Sample]:
    for path in _archives(folder):
        for sample in _pictures(path) if path.suffix == ".zip" else _written(path):
            if sample.label.isdecimal() and is_held_out(sample.hand) == held_out:
                yield sample


def _pictures(path: Path) -> Iterator[Sample]:
    with zipfile.ZipFile(path) as archive:
        with archive.open("labels.csv") as file:
            rows = list(csv.DictReader(TextIOWrapper(file, "utf-8", newline="")))
        # In no order, so that the first `PER_HAND` are of every digit.
        for at in np.random.default_rng(0).permutation(len(rows)):
            row = rows[at]
            pixels = np.frombuffer(archive.read(row["image_name"]), np.uint8)
            grey = cv2.imdecode(pixels, cv2.IMREAD_GRAYSCALE)
            if grey is not None:
                yield Sample(np.asarray(grey, np.uint8), row["label"], row["hand"])


def _written(path: Path) -> Iterator[Sample]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            strokes = [np.array(stroke, np.float64) / 1000 for stroke in row["strokes"] if len(stroke) > 1]
            if strokes:
                yield Sample(strokes, row["label"], row["hand"])
