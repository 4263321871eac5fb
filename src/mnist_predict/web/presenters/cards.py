"""A reading as the review shows it: its number, cut out of the picture, and why a person should look."""

from dataclasses import dataclass
from math import prod
from typing import Any, Self

from flask import url_for

from mnist_predict.reading import Box, Number, next_best
from mnist_predict.store.reasons import Reason, reasons
from mnist_predict.store.record import Record
from mnist_predict.web.presenters.words import percent

_MARGIN = 0.5  # around a number, times its height


def surroundings(number: Number) -> Box:
    """A number's box with some of the paper around it; may reach beyond the picture."""
    return number.box.grow(max(2, round(_MARGIN * number.box.h)))


@dataclass(frozen=True, slots=True)
class Card:
    """A record under review; `said`: the number of its newest label, None where there is no label yet."""

    record: Record
    said: str | None

    @classmethod
    def of(cls, record: Record, labels: list[Record]) -> Self:
        """The card of a record with its labels, the newest first."""
        return cls(record, labels[0].number if labels else None)

    @property
    def number(self) -> Number | None:
        """What was read."""
        reading = self.record.reading
        return None if reading is None or reading.primary is None else reading.numbers[reading.primary]

    @property
    def shown(self) -> str:
        """The number that a person finds filled in."""
        return self.record.number if self.said is None else self.said

    @property
    def part(self) -> Box | None:
        """The part of the picture that is shown; None: all of it."""
        return surroundings(self.number) if self.number else None

    @property
    def crop(self) -> str:
        """The address of that part."""
        return url_for("review.crop", record_id=self.record.id)

    @property
    def why(self) -> list[tuple[Reason, str]]:
        """The reasons, each in words."""
        return [(reason, self._words(reason)) for reason in reasons(self.record)]

    def _words(self, reason: Reason) -> str:
        number = self.number
        if number is None:
            return "No number found" if reason == "no number" else "Of the random sample"
        if reason == "unsure":
            other = next_best(number)
            return f"Not sure: {percent(number.confidence)}" + (f", or {other}" if other else "")
        if reason == "disagreement":
            digits = prod(digit.probabilities[digit.value] for digit in number.digits)
            return f"Digits {percent(digits)} sure, number {percent(number.confidence)}"
        return "Of the random sample"

    def to_dict(self) -> dict[str, Any]:
        """The record with why it waits, the part of its picture to look at, and what was said of it."""
        return self.record.to_dict() | {"reasons": list(reasons(self.record)), "crop": self.crop, "said": self.said}
