"""What is kept: records, and what remains of those that were erased."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

from mnist_predict.reading import Reading, digits_of
from mnist_predict.store.ids import time_of


@dataclass(frozen=True, slots=True)
class Record:
    """One stored event: a picture that was read (`upload`) or a number recorded by a person (`hand`).

    `written`: the number as it was read or typed, with minus, point or commas; empty: there is none. A hand record
    whose `label_of` names another record is also a label: what a person says that record's number is, empty where there
    is none. Labels are appended; the newest wins and the history stays. `of_number`: the index of the number of that
    reading which a label is of, None for the primary one. `withdraws`: the label that this one takes back, which then
    counts no more; its number is repeated.
    """

    id: UUID
    image_name: str
    written: str
    source: Literal["upload", "hand"]
    sha256: str | None = None  # of the picture, hex; None: recorded by hand without one
    reading: Reading | None = None
    label_of: UUID | None = None
    key: str | None = None  # the Idempotency-Key it came with
    by: str | None = None  # who sent it: the name of their token; None: the service asked for none
    of_number: int | None = None
    withdraws: UUID | None = None

    @property
    def number(self) -> str:
        """The digits of the number alone."""
        return digits_of(self.written)

    @property
    def record_time(self) -> datetime:
        """When it was recorded: the time of its id."""
        return time_of(self.id)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form of an answer, without where it is stored."""
        reading = (self.reading or Reading((), None, (), "")).to_dict()
        return reading | {
            "number": self.number,
            "written": self.written,
            "id": str(self.id),
            "record_time": _iso(self.record_time),
            "image_name": self.image_name,
            "sha256": self.sha256,
            "source": self.source,
            "label_of": str(self.label_of) if self.label_of else None,
            "by": self.by,
            "of_number": self.of_number,
            "withdraws": str(self.withdraws) if self.withdraws else None,
        }


class Label(Protocol):
    """What decides whether a label counts."""

    @property
    def id(self) -> UUID:
        """Its id."""

    @property
    def of_number(self) -> int | None:
        """See `Record`."""

    @property
    def withdraws(self) -> UUID | None:
        """See `Record`."""


L = TypeVar("L", bound=Label)


def standing(labels: Iterable[L], of_number: int | None = None) -> list[L]:
    """Those of a record's labels that count: of that number, neither withdrawn nor withdrawals; in their order."""
    every = list(labels)
    withdrawn = {label.withdraws for label in every}
    return [
        label
        for label in every
        if label.of_number == of_number and label.withdraws is None and label.id not in withdrawn
    ]


def newest_of_each(labels: Iterable[L]) -> dict[int | None, L]:
    """The newest label that counts of each number of a record, by its index, None: the primary one.

    `labels`: all of the record, newest first.
    """
    every = list(labels)
    found = {at: standing(every, at) for at in dict.fromkeys(label.of_number for label in every)}
    return {at: some[0] for at, some in found.items() if some}


@dataclass(frozen=True, slots=True)
class Erasure:
    """That records were erased for good: which, when and by whom; neither their names nor numbers nor hashes.

    What has one of these ids is never kept again, so that no late retry, spool or backup brings it back.
    """

    id: UUID
    records: tuple[UUID, ...]
    by: str | None = None  # the name of their token; None: nobody was asked for one
    complete: bool = True  # False: these are so many that more are left, which are to be erased by asking again

    @property
    def time(self) -> datetime:
        """When it was, UTC, to the millisecond: the time that its id carries."""
        return time_of(self.id)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form of an answer."""
        erased = [str(record_id) for record_id in self.records]
        return {"erased": erased, "time": _iso(self.time), "by": self.by, "complete": self.complete}


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
