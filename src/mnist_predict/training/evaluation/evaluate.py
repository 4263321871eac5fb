"""Measures a reader on labelled pictures by the whole way, from a picture to the number."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mnist_predict.errors import BadRequest, UserError
from mnist_predict.reading import Place, Reading, digits_of, number_at
from mnist_predict.stats.intervals import wilson_interval
from mnist_predict.store.tools.labelled import place_of, read_labels
from mnist_predict.training import mnist
from mnist_predict.training.evaluation import measures
from mnist_predict.vision.recognizer import Recognizer
from mnist_predict.written import agrees, is_written

Sample = tuple[str, str, Callable[[Recognizer], Reading]]  # image name, label, how it is read


def samples(folder: Path) -> list[Sample]:
    """The labelled pictures of a folder: `labels.csv` (`image_name,label`), or MNIST's test set as idx files.

    Raises `BadRequest` where there are none.
    """
    if (folder / "labels.csv").is_file():
        listed = list(_listed(folder))
        if not listed:
            raise BadRequest(f"{folder}/labels.csv names no picture.")
        return listed
    if mnist.has_idx(folder, "t10k"):
        pictures, labels = mnist.load(folder, "t10k")
        return [
            drawn(f"t10k-{i:05}", picture, str(label))
            for i, (picture, label) in enumerate(zip(pictures, labels, strict=True))
        ]
    raise BadRequest(f"{folder} holds neither labels.csv (image_name,label) nor MNIST's t10k files.")


def drawn(name: str, pixels: mnist.Bytes, label: str) -> Sample:
    """A sample of pixels that are in no file."""
    return name, label, partial(_read_pixels, pixels)


def evaluate(reader: Recognizer, chosen: list[Sample], progress: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Every sample read; the figures as a dict for JSON.

    `digit_accuracy`: 1 less the digits to change over those of the labels; `length_errors`: numbers read with too many
    or too few digits, `confusion` (row the label, column what was read): digit by digit in all others; `ece`: 15 bins
    of equal mass, in `reliability` each with its confidence, accuracy and count; `ece_by_chance`: what it would be by
    chance if confidences were exactly right; `error_at_80`: among the surest 80 %,
    and in `risk_coverage` for other shares; `auroc`: how well confidence separates right from wrong; `nll`: of the
    label under the digits' probabilities, in nats, 1e-6 at least, which is also what a reading of another length gives
    it. `confidences`: of each sample, in their order.
    """
    texts: list[str] = []
    confidences: list[float] = []
    given: list[float] = []
    hits: list[bool] = []
    wrong: list[list[str | float]] = []
    seconds = 0.0
    for name, label, read in chosen:
        began = time.perf_counter()
        reading = _read_or_nothing(reader, read)
        seconds += time.perf_counter() - began
        confidences.append(reading.confidence)
        given.append(_probability(reading, label))
        texts.append(reading.number)
        hits.append(agrees(label, reading.number, reading.written))
        if not hits[-1]:
            read_as = reading.number if label == digits_of(label) else reading.written
            wrong.append([name, label, read_as, round(reading.confidence, 6)])
        progress()
    confidence, hit = np.array(confidences), np.array(hits)
    labels = [digits_of(label) for _, label, _ in chosen]
    pairs = list(zip(labels, texts, strict=True))
    aligned = [pair for pair in pairs if len(pair[0]) == len(pair[1])]
    digits = np.array([list(map(int, "".join(side))) for side in zip(*aligned, strict=True)] or [[], []], np.int64)
    changes = sum(measures.edit_distance(label, text) for label, text in pairs)
    return {
        "n": len(chosen),
        "exact_match": float(hit.mean()),
        "interval_95": wilson_interval(int(hit.sum()), len(hit)),
        "digit_accuracy": 1 - changes / max(sum(map(len, labels)), 1),
        "length_errors": sum(text != "" for _, text in pairs) - len(aligned),
        "confusion": measures.confusion(*digits).tolist(),
        "no_number": texts.count(""),
        "confidences": [round(one, 6) for one in confidences],
        "ece": measures.calibration_error(confidence, hit),
        "ece_by_chance": measures.chance_error(confidence),
        "reliability": measures.reliability(confidence, hit),
        "error_at_80": measures.error_at_coverage(0.8, confidence, hit),
        "risk_coverage": measures.risk_coverage(confidence, hit),
        "auroc": measures.auroc(confidence, hit),
        "nll": measures.nll(np.array(given)),
        "seconds_per_picture": seconds / len(chosen),
        "model_version": reader.model_version,
        "wrong": wrong,
    }


def _listed(folder: Path) -> Iterator[Sample]:
    for row in read_labels(folder):
        path = folder / row["image_name"]
        if not path.is_file():
            raise BadRequest(f"{folder}/labels.csv names {row['image_name']!r}, which is not there.")
        label = row["label"].strip()
        if label and not is_written(label):
            raise BadRequest(f"{folder}/labels.csv calls {row['image_name']} {label!r}, which is no number.")
        yield row["image_name"], label, partial(_read_file, path, place_of(row))


def _read_pixels(pixels: mnist.Bytes, reader: Recognizer) -> Reading:
    return reader.read_pixels(pixels)


def _read_file(path: Path, place: Place | None, reader: Recognizer) -> Reading:
    """What is read in a file; at a place of it, nothing but that."""
    reading = reader.read(path.read_bytes())
    if place is None:
        return reading
    number = number_at(reading.numbers, place)
    return Reading((number,) if number else (), 0 if number else None, (), reading.model_version)


def _read_or_nothing(reader: Recognizer, read: Callable[[Recognizer], Reading]) -> Reading:
    try:
        return read(reader)
    except UserError as error:  # a picture that is refused is one that was not read
        return Reading((), None, (str(error),), reader.model_version)


def _probability(reading: Reading, label: str) -> float:
    number, label = reading.primary_number, digits_of(label)
    if not label:
        return 1 - reading.confidence
    if number is None or len(number.text) != len(label):
        return 0.0
    return float(np.prod([digit.probabilities[int(c)] for digit, c in zip(number.digits, label, strict=True)]))
