"""A reading under review: the crop of its number, and why a person should look at it."""

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
    """The box of a number with a margin; may extend beyond the picture."""
    return number.box.grow(max(2, round(_MARGIN * number.box.h)))


@dataclass(frozen=True, slots=True)
class Card:
    """A record under review; `said`: the number of its newest label, None without a label.

    `is_second`: somebody has labelled it, and another person is asked without being told how.
    """

    record: Record
    said: str | None
    is_second: bool = False

    @classmethod
    def of(cls, record: Record, labels: list[Record]) -> Self:
        """The card of a record with these labels, newest first."""
        return cls(record, labels[0].written if labels else None)

    @property
    def number(self) -> Number | None:
        """The primary number of the reading, None without one."""
        return self.record.reading.primary_number if self.record.reading else None

    @property
    def shown(self) -> str:
        """The number that the form is filled with."""
        return self.record.written if self.said is None else self.said

    @property
    def crop(self) -> str:
        """The address of the crop."""
        return url_for("crop.show", record_id=self.record.id)

    @property
    def marked(self) -> str:
        """The address of the crop with a box around its number."""
        return url_for("crop.show", record_id=self.record.id, marked="yes")

    @property
    def alternative(self) -> str | None:
        """What the network nearly read instead."""
        return next_best(self.number) if self.number else None

    @property
    def why(self) -> list[tuple[Reason, str]]:
        """The reasons for the review, with words for each."""
        if self.is_second:
            return [("sample", "Second opinion")]
        return [(reason, self._words(reason)) for reason in reasons(self.record)]

    def _words(self, reason: Reason) -> str:
        number = self.number
        if number is None:
            return "No number found" if reason == "no number" else "Random sample"
        if reason == "unsure":
            other = next_best(number)
            return f"Not sure: {percent(number.confidence)}" + (f", or {other}" if other else "")
        if reason == "disagreement":
            digits = prod(digit.probabilities[digit.value] for digit in number.digits)
            return f"Digits {percent(digits)} sure, number {percent(number.confidence)}"
        return "Random sample"

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the record, with its reasons, crop and label."""
        return self.record.to_dict() | {"reasons": list(reasons(self.record)), "crop": self.crop, "said": self.said}
