"""Counts of days -> the figures that are shown: sums, shares, an interval."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from mnist_predict.stats.intervals import wilson_interval
from mnist_predict.stats.tally import BINS, Counts, add

Share = tuple[float, float, float]  # what was seen, and between what it lies


@dataclass(frozen=True, slots=True)
class Lot:
    """The counts of some days, a week or a single day, from `start` on."""

    start: date
    counts: Counts

    def count(self, name: str) -> int:
        """How many of that there are."""
        return round(self.counts.get(name, 0))

    def mean(self, name: str, of: str) -> float | None:
        """The sum of that over how many there are; None of none."""
        return self.counts.get(name, 0) / self.count(of) if self.count(of) else None

    @property
    def numbers(self) -> int:
        """Readings that found a number."""
        return self.count("readings") - self.count("none")

    @property
    def confidence(self) -> float | None:
        """The mean confidence of the numbers."""
        return self.counts.get("confidence", 0) / self.numbers if self.numbers else None

    @property
    def digits(self) -> float | None:
        """How many digits a number has, on average."""
        return self.counts.get("digits", 0) / self.numbers if self.numbers else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is shown of a time: its days, its weeks (from Monday on), and all of it."""

    days: list[Lot]
    weeks: list[Lot]
    whole: Lot

    @classmethod
    def of(cls, days: Mapping[date, Counts], first: date, last: date) -> "Figures":
        """The figures of the days from `first` to `last`; a day that nothing is counted of has no counts."""
        every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        lots = [Lot(day, days.get(day, {})) for day in every]
        weeks: dict[date, Counts] = {}
        whole: Counts = {}
        for lot in lots:
            add(weeks.setdefault(lot.start - timedelta(days=lot.start.weekday()), {}), lot.counts)
            add(whole, lot.counts)
        return cls(lots, [Lot(*week) for week in weeks.items()], Lot(first, whole))

    @property
    def confidences(self) -> list[int]:
        """How many numbers have a confidence of each twentieth."""
        return [self.whole.count(f"confidence {n}") for n in range(BINS)]

    @property
    def confusion(self) -> list[list[int]]:
        """How often a digit that was read as the row was said to be the column."""
        return [[self.whole.count(f"read {read} is {said}") for said in range(10)] for read in range(10)]

    @property
    def confused(self) -> list[tuple[int, int, int]]:
        """What was read, what it is, and how often: the most frequent mistakes first."""
        confusion = self.confusion
        pairs = [(read, said, confusion[read][said]) for read in range(10) for said in range(10) if read != said]
        return sorted((pair for pair in pairs if pair[2] > 0), key=lambda pair: (-pair[2], pair))

    @property
    def accuracy(self) -> Share | None:
        """The share of right readings in the part of the random sample that has labels; None while it has none."""
        right, checked = self.whole.count("right of checked"), self.whole.count("checked")
        return (right / checked, *wilson_interval(right, checked)) if checked > 0 else None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        whole, accuracy = self.whole, self.accuracy
        return {
            "readings": whole.count("readings"),
            "no_number": whole.count("none"),
            "days": [
                {"day": str(day.start), "readings": day.count("readings"), "no_number": day.count("none")}
                for day in self.days
            ],
            "confidence": [
                {"from": n / BINS, "to": (n + 1) / BINS, "readings": count} for n, count in enumerate(self.confidences)
            ],
            "sample": {
                "readings": whole.count("sampled"),
                "labelled": whole.count("checked"),
                "right": whole.count("right of checked"),
                **dict(zip(("accuracy", "low", "high"), _rounded(accuracy), strict=True)),
            },
            "labels": {
                "readings": whole.count("labels"),
                "right": whole.count("right"),
                "confusion": self.confusion,
                **{name.replace(" ", "_"): whole.count(name) for name in LENGTHS},
            },
            "weeks": [
                {
                    "week": str(week.start),
                    "readings": week.count("readings"),
                    "no_number": week.count("none"),
                    **{name: _round(value) for name, value in drift(week).items()},
                }
                for week in self.weeks
            ],
        }


LENGTHS = ("too many", "too few", "missed", "invented")  # readings whose number of digits is another than the label's


def drift(lot: Lot) -> dict[str, float | None]:
    """What changes when the writing or the pictures do."""
    return {
        "confidence": lot.confidence,
        "share_without_number": lot.mean("none", "readings"),
        "digits": lot.digits,
        "digit_height": lot.mean("height", "boxes"),
        "digit_width_over_height": lot.mean("aspect", "boxes"),
    }


def _rounded(share: Share | None) -> tuple[float | None, ...]:
    return (None, None, None) if share is None else tuple(round(each, 4) for each in share)


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
