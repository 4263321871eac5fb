"""The gate: whether a candidate may replace the champion, measured on pictures that neither has learned from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from mnist_predict.learning.pages import Page, pages
from mnist_predict.learning.paired import Compared, Pair, Shown, read_both
from mnist_predict.models.registry import Version
from mnist_predict.store.tools.labelled import LabelledPicture
from mnist_predict.training import mnist as dataset
from mnist_predict.training.evaluation import measures, sets
from mnist_predict.written import agrees

SURE = 0.5  # confidence from which a number that is none was taken for one


Correction = tuple[Callable[[], bytes], LabelledPicture]  # what gives a picture, and what people say of it


@dataclass(frozen=True)
class Thresholds:
    """What the gate asks for, and on how many pictures it looks. Each is a setting of `learn --gate NAME=VALUE`."""

    significance: float = 0.05  # of being worse: on MNIST's held-out part, on pages, and where there is no number
    least_gain: int = 1  # corrections held out that the candidate reads right, beyond those of the champion
    calibration: float = 0.01  # by how much the calibration error may grow
    speed: float = 1.1  # CPU time of a reading over the champion's
    size: float = 1.1  # bytes of the networks over the champion's
    mnist: int = 5_000  # pictures of MNIST's held-out part
    test: int = 2_000  # of its test set, which decides nothing
    pages: int = 250  # with several numbers
    nothing: int = 25  # pictures of each kind without a number


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gate says; `corrections`: what both read where each correction that is held out is of."""

    report: dict[str, Any]
    corrections: list[Pair]

    @property
    def passed(self) -> bool:
        """Whether the candidate may replace the champion."""
        return bool(self.report["passed"])


def judge(
    champion: Version,
    candidate: Version,
    corrections: Sequence[Correction],
    data: Path,
    thresholds: Thresholds,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Judged:
    """Measure both versions on the same pictures.

    `data`: the folder of MNIST's four files.
    """
    held_out, test = _mnist(data, "train", thresholds.mnist), _mnist(data, "t10k", thresholds.test)
    drawn = pages(data, thresholds.pages)
    pictures = {one.key: read for read, one in corrections}  # of several corrections one is read once
    nothing = _nothing(thresholds.nothing)
    groups: dict[str, tuple[int, Iterable[Shown]]] = {
        "mnist": (len(held_out), (picture for picture, _ in held_out)),
        "corrections": (len(pictures), (read() for read in pictures.values())),
        "pages": (len(drawn), (page.pixels for page in drawn)),
        "nothing": (len(nothing), nothing),
        "test": (len(test), (picture for picture, _ in test)),
    }
    total = sum(count for count, _ in groups.values())
    done = 0

    def tick(more: int) -> None:
        nonlocal done
        done += more
        progress(done, total)

    pairs = iter(read_both(champion, candidate, chain.from_iterable(group for _, group in groups.values()), tick))
    read = {name: list(islice(pairs, count)) for name, (count, _) in groups.items()}
    of_picture = dict(zip(pictures, read["corrections"], strict=True))
    corrected = [of_picture[one.key].at(one.place) for _, one in corrections]
    hits = {
        "mnist": _hits(read["mnist"], [label for _, label in held_out]),
        "corrections": _hits(corrected, [one.label for _, one in corrections]),
        "pages": _page_hits(read["pages"], drawn),
        "nothing": [(pair.champion.confidence < SURE, pair.candidate.confidence < SURE) for pair in read["nothing"]],
        "test": _hits(read["test"], [label for _, label in test]),
    }
    compared = {name: Compared.of(each) for name, each in hits.items()}
    calibration = _calibration(read["mnist"] + corrected, [*hits["mnist"], *hits["corrections"]])
    seconds = np.array([pair.seconds for pair in read["mnist"] + read["corrections"]])
    speed = float(np.median(seconds[:, 1]) / np.median(seconds[:, 0]))
    size = candidate.size / champion.size
    limits = thresholds
    checks = [
        _not_worse("MNIST's held-out part", compared["mnist"], limits),
        _better(compared["corrections"], limits),
        _not_worse("pages with several numbers", compared["pages"], limits),
        _not_worse("pictures without a number", compared["nothing"], limits),
        _check("calibration", calibration[1] <= calibration[0] + limits.calibration,
               f"calibration error {calibration[1]:.4f}, the champion's {calibration[0]:.4f}"),
        _check("speed", speed <= limits.speed, f"{speed:.2f} times the CPU time"),
        _check("size", size <= limits.size, f"{size:.2f} times the bytes"),
    ]  # fmt: skip
    report = {
        "champion": champion.name,
        "passed": all(check["passed"] for check in checks),
        "checks": checks,
        "sets": {name: each.to_dict() for name, each in compared.items()},
        "calibration_error": {"champion": calibration[0], "candidate": calibration[1]},
        "thresholds": asdict(thresholds),
    }
    return Judged(report, corrected)


def _mnist(data: Path, part: str, count: int) -> list[tuple[Shown, str]]:
    pictures, labels = dataset.load(data, part)
    chosen = dataset.split(len(pictures))[1] if part == "train" else np.arange(len(pictures))
    return [(pictures[at], str(labels[at])) for at in chosen[:count]]


def _nothing(each: int) -> list[Shown]:
    kinds = [kind for kind in sets.drawable() if kind not in ("lookalikes", "symbols")]  # people, too, read these
    return [picture for kind in kinds for picture in sets.non_digits(kind, each)]


def _hits(read: Sequence[Pair], labels: Sequence[str]) -> list[tuple[bool, bool]]:
    return [
        (agrees(label, pair.champion.number, pair.champion.written),
         agrees(label, pair.candidate.number, pair.candidate.written))
        for pair, label in zip(read, labels, strict=True)
    ]  # fmt: skip


def _page_hits(read: Sequence[Pair], drawn: Sequence[Page]) -> list[tuple[bool, bool]]:
    """Number by number, whether each version read it somewhere on its page, and nothing for each that it invented."""
    found = []
    for pair, page in zip(read, drawn, strict=True):
        sides = []
        for answer in (pair.champion, pair.candidate):
            rest = [number.text for number in answer.numbers]
            right = []
            for number in page.numbers:
                right.append(number in rest)
                if number in rest:
                    rest.remove(number)
            sides.append([*right, not rest])
        found += list(zip(*sides, strict=True))
    return found


def _calibration(read: Sequence[Pair], hits: Sequence[tuple[bool, bool]]) -> tuple[float, float]:
    """The calibration error of each."""
    errors = []
    for which, side in enumerate(("champion", "candidate")):
        confidence = np.array([getattr(pair, side).confidence for pair in read])
        errors.append(measures.calibration_error(confidence, np.array([hit[which] for hit in hits])))
    return errors[0], errors[1]


def _not_worse(name: str, compared: Compared, limits: Thresholds) -> dict[str, Any]:
    passed = compared.p_worse >= limits.significance or compared.fixed >= compared.broken
    return _check(name, passed, _shares(compared))


def _better(compared: Compared, limits: Thresholds) -> dict[str, Any]:
    passed = compared.fixed - compared.broken >= limits.least_gain
    return _check("corrections held out", passed, _shares(compared))


def _shares(compared: Compared) -> str:
    if not compared.n:
        return "none"
    candidate, champion = (100 * right / compared.n for right in (compared.candidate, compared.champion))
    return (
        f"{candidate:.2f} % of {compared.n:,} right, the champion {champion:.2f} %; "
        f"only the candidate {compared.fixed}, only the champion {compared.broken}"
    )


def _check(name: str, passed: bool, words: str) -> dict[str, Any]:
    return {"name": name, "passed": bool(passed), "words": words}
