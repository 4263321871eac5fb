"""Why a person should look at a reading. A pure function of its record, so that every service and store agrees."""

import json
from math import prod
from typing import Literal
from uuid import UUID

from mnist_predict.reading import UNSURE, Number, Reading
from mnist_predict.store.ids import in_sample
from mnist_predict.store.record import Record

Reason = Literal["no number", "unsure", "disagreement", "sample"]

GAP = 0.1  # between how sure the digits are, one by one, and how sure the number is


def reasons(record: Record) -> tuple[Reason, ...]:
    """Why a person should look at a record, the most urgent first; empty where nobody needs to."""
    if record.source != "upload" or record.sha256 is None or record.reading is None:
        return ()
    return reasons_of(record.id, record.reading)


def reasons_of(record_id: UUID, reading: Reading) -> tuple[Reason, ...]:
    """The same of a picture's reading that is kept under that id."""
    found: list[Reason] = []
    number = reading.primary_number
    if number is None:
        found.append("no number")
    else:
        if number.confidence < UNSURE:
            found.append("unsure")
        if contradiction(number) >= GAP:
            found.append("disagreement")
    if in_sample(record_id):
        found.append("sample")
    return tuple(found)


def needs_review(record_id: str, reading: str) -> bool:
    """Whether a person should look at what is kept: for the schema, which fills its table with it."""
    return bool(reasons_of(UUID(record_id), Reading.from_dict(json.loads(reading))))


def contradiction(number: Number) -> float:
    """By how much the digits, each by itself, are surer than the number (or less so).

    A number's confidence is that of its digits times that of how many there are and where they stand. Where each
    digit is known and the number still is not, a digit may be two, a stroke none, or one may be missing: what a
    person sees at once, and what a threshold of confidence alone lets pass.
    """
    digits = prod(digit.probabilities[digit.value] for digit in number.digits)
    return abs(digits - number.confidence)
