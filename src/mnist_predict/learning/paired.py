"""Two versions read the same pictures, side by side on all cores; and what their answers say of which is better."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import chain, islice
from math import comb
from time import process_time
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from mnist_predict.errors import UserError
from mnist_predict.learning import readers
from mnist_predict.models.registry import Version
from mnist_predict.reading import Number, Place, Reading, number_at
from mnist_predict.stats.intervals import wilson_interval
from mnist_predict.vision.recognizer import Recognizer, open_recognizer

CHUNK = 25  # pictures that a process reads at a time
FEW = 50  # pictures, fewer than which are read sooner than a process has started

Shown = bytes | NDArray[np.uint8]  # a file, or pixels as `read_pixels` takes them


class Answer(NamedTuple):
    """What a version read: the number, as it is written, its confidence, and all numbers of the picture, without their
    digits."""

    number: str
    written: str
    confidence: float
    numbers: tuple[Number, ...]

    def at(self, place: Place | None) -> Self:
        """What it read at a place of the picture, None: anywhere."""
        if place is None:
            return self
        number = number_at(self.numbers, place)
        if number is None:
            return self._replace(number="", written="", confidence=0.0)
        return self._replace(number=number.text, written=number.written, confidence=number.confidence)


class Pair(NamedTuple):
    """The answers of both to a picture, and the CPU seconds that each took."""

    champion: Answer
    candidate: Answer
    seconds: tuple[float, float]

    def at(self, place: Place | None) -> Self:
        """The answers at a place of the picture, None: anywhere."""
        return self._replace(champion=self.champion.at(place), candidate=self.candidate.at(place))


def read_both(champion: Version, candidate: Version, shown: Iterable[Shown], tick: Callable[[int], None]) -> list[Pair]:
    """The answers of both versions to each picture, in their order; `tick` is told how many more are read.

    The pictures are asked for as they are read, so that few of them are in memory at a time.
    """
    rest = iter(shown)
    found: list[Pair] = []
    under_way: deque[Future[list[Pair]]] = deque()

    def take() -> None:
        pairs = under_way.popleft().result()
        found.extend(pairs)
        tick(len(pairs))

    first = list(islice(rest, FEW))
    if len(first) < FEW:
        found = _read(first, [open_recognizer(str(version.folder)) for version in (champion, candidate)])
        tick(len(found))
        return found
    rest = chain(first, rest)
    with readers.reading_processes(champion, candidate) as pool:
        while chunk := list(islice(rest, CHUNK)):
            under_way.append(pool.submit(_read_opened, chunk))
            if len(under_way) > 2 * readers.CORES:
                take()
        while under_way:
            take()
    return found


def _read_opened(chunk: list[Shown]) -> list[Pair]:
    return _read(chunk, readers.opened)


def _read(chunk: list[Shown], both: list[Recognizer]) -> list[Pair]:
    pairs = []
    for at, shown in enumerate(chunk):
        answers: dict[int, Answer] = {}
        seconds: dict[int, float] = {}
        for which in (0, 1) if at % 2 else (1, 0):  # by turns, as the first has colder caches
            began = process_time()
            answers[which] = _answer(both[which], shown)
            seconds[which] = process_time() - began
        pairs.append(Pair(answers[0], answers[1], (seconds[0], seconds[1])))
    return pairs


def _answer(reader: Recognizer, shown: Shown) -> Answer:
    try:
        reading = reader.read(shown) if isinstance(shown, bytes) else reader.read_pixels(shown)
    except UserError:  # a picture that is refused is one that was not read
        reading = Reading((), None, (), reader.model_version)
    numbers = tuple(replace(number, digits=()) for number in reading.numbers)
    return Answer(reading.number, reading.written, reading.confidence, numbers)


@dataclass(frozen=True, slots=True)
class Compared:
    """How often each was right, and how often one alone was: the candidate (`fixed`), the champion (`broken`)."""

    n: int
    champion: int
    candidate: int
    fixed: int
    broken: int

    @classmethod
    def of(cls, hits: Iterable[tuple[bool, bool]]) -> "Compared":
        """Of pairs of whether the champion was right and whether the candidate was."""
        both = list(hits)
        fixed = sum(not mine and other for mine, other in both)
        broken = sum(mine and not other for mine, other in both)
        return cls(len(both), sum(mine for mine, _ in both), sum(other for _, other in both), fixed, broken)

    @property
    def p_worse(self) -> float:
        """How likely so many were broken and so few fixed if both were equally good: McNemar's test (Q. McNemar 1947),
        exact and one-sided."""
        changed = self.fixed + self.broken
        return sum(comb(changed, k) for k in range(self.broken, changed + 1)) / (1 << changed)

    def to_dict(self) -> dict[str, Any]:
        """For the report."""
        if not self.n:
            return {"n": 0}
        return {
            "n": self.n,
            "champion": self.champion / self.n,
            "champion_interval_95": wilson_interval(self.champion, self.n),
            "candidate": self.candidate / self.n,
            "candidate_interval_95": wilson_interval(self.candidate, self.n),
            "fixed": self.fixed,
            "broken": self.broken,
            "p_worse": round(self.p_worse, 6),
        }
