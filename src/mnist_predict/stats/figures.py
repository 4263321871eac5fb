"""Daily counts -> the statistics that are shown: sums, means, shares with intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from mnist_predict.stats.intervals import wilson_interval
from mnist_predict.stats.tally import BINS, Counts, add

Share = tuple[float, float, float]  # measured, and the bounds of its 95 % interval


@dataclass(frozen=True, slots=True)
class Period:
    """The counts of a day, a week or any other number of days from `start` on."""

    start: date
    counts: Counts

    def count(self, name: str) -> int:
        """The count of that name."""
        return round(self.counts.get(name, 0))

    def mean(self, name: str, of: str) -> float | None:
        """The sum `name` divided by the count `of`; None if that is 0."""
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
    """The statistics of a period: of its days, of its weeks (from Monday on), and of the whole."""

    days: list[Period]
    weeks: list[Period]
    whole: Period

    @classmethod
    def of(cls, days: Mapping[date, Counts], first: date, last: date) -> "Figures":
        """The statistics of the days from `first` to `last`."""
        every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        periods = [Period(day, days.get(day, {})) for day in every]
        weeks: dict[date, Counts] = {}
        whole: Counts = {}
        for day in periods:
            add(weeks.setdefault(day.start - timedelta(days=day.start.weekday()), {}), day.counts)
            add(whole, day.counts)
        return cls(periods, [Period(*week) for week in weeks.items()], Period(first, whole))

    @property
    def confidences(self) -> list[int]:
        """The histogram of the confidence of numbers, in bins of 0.05."""
        return [self.whole.count(f"confidence {n}") for n in range(BINS)]

    @property
    def confusion(self) -> list[list[int]]:
        """The confusion matrix of labelled digits: rows are what was read, columns what the label says."""
        return [[self.whole.count(f"read {read} is {said}") for said in range(10)] for read in range(10)]

    @property
    def confused(self) -> list[tuple[int, int, int]]:
        """The confusions as (read, labelled, count), the most frequent first."""
        confusion = self.confusion
        pairs = [(read, said, confusion[read][said]) for read in range(10) for said in range(10) if read != said]
        return sorted((pair for pair in pairs if pair[2] > 0), key=lambda pair: (-pair[2], pair))

    @property
    def accuracy(self) -> Share | None:
        """The accuracy on the labelled part of the random sample; None while there is no label."""
        right, checked = self.whole.count("right of checked"), self.whole.count("checked")
        return (right / checked, *wilson_interval(right, checked)) if checked > 0 else None

    @property
    def versions(self) -> list[tuple[str, float, float, Share]]:
        """The labelled part of the random sample by the version that read it, the most first: the version, how many it
        read, how many of them right, and its accuracy."""
        named = [name.removeprefix(_BY) for name in self.whole.counts if name.startswith(_BY)]
        counted = [(name, self.whole.count(f"{_BY}{name}"), self.whole.count(f"right by {name}")) for name in named]
        return [
            (name, checked, right, (right / checked, *wilson_interval(right, checked)))
            for name, checked, right in sorted(counted, key=lambda row: (-row[1], row[0]))
            if checked > 0
        ]

    @property
    def reliability(self) -> list[tuple[float, Share, int]]:
        """Of the labelled part of the random sample, in bins of confidence: mean confidence, accuracy, how many."""
        bins = [(n, self.whole.count(f"checked at {n}"), self.whole.count(f"right at {n}")) for n in range(BINS)]
        return [
            (
                self.whole.counts.get(f"sure at {n}", 0) / checked,
                (right / checked, *wilson_interval(right, checked)),
                checked,
            )
            for n, checked, right in bins
            if checked > 0
        ]

    @property
    def reviewers(self) -> list[tuple[str, int]]:
        """Who gave how many labels, the most first; "" for those without a token."""
        counts = [(name.removeprefix("by "), round(n)) for name, n in self.whole.counts.items() if name[:3] == "by "]
        return sorted((each for each in counts if each[1]), key=lambda each: (-each[1], each[0]))

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
                "versions": [
                    {"version": name, "labelled": checked, "right": right}
                    | dict(zip(("accuracy", "low", "high"), _rounded(share), strict=True))
                    for name, checked, right, share in self.versions
                ],
                "reliability": [
                    {"confidence": round(sure, 4), "labelled": count}
                    | dict(zip(("accuracy", "low", "high"), _rounded(share), strict=True))
                    for sure, share, count in self.reliability
                ],
            },
            "reviewers": [{"by": by or None, "labels": count} for by, count in self.reviewers],
            "agreement": {"twice": whole.count("twice"), "same": whole.count("agreed")},
            "labels": {
                "readings": whole.count("labels"),
                "right": whole.count("right"),
                "marks": whole.count("marks"),
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


_BY = "checked by "
LENGTHS = ("too many", "too few", "missed", "invented")  # readings whose number of digits is another than the label's


def drift(period: Period) -> dict[str, float | None]:
    """Means that drift when the writing or the pictures change."""
    return {
        "confidence": period.confidence,
        "share_without_number": period.mean("none", "readings"),
        "digits": period.digits,
        "digit_height": period.mean("height", "boxes"),
        "digit_width_over_height": period.mean("aspect", "boxes"),
    }


def _rounded(share: Share | None) -> tuple[float | None, ...]:
    return (None, None, None) if share is None else tuple(round(each, 4) for each in share)


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
