"""Searching a store: what may be asked, and the traits by which records are found.

A trait is one thing that a search may ask for: a number, an image name, a model version, a band of confidence. Stores
keep the records of each trait together, newest first, so a search walks along one of them and looks at as many records
as it shows. Of several things asked for it walks along the rarest and looks at each record there for the others, at
`LOOK` of them and no more: then it says how far it came, and may be asked to look further.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from heapq import merge
from itertools import groupby
from typing import Literal
from uuid import UUID

from mnist_predict.store.ids import first_id
from mnist_predict.store.record import Record

LOOK = 1000  # records that one search looks at, at most
EDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)  # of bands of confidence, finer where most are
END = UUID("e677d21f-dbff-7fff-bfff-ffffffffffff")  # the last id of the year 9999

Labelled = Literal["no", "confirmed", "corrected"]
UPLOAD = "upload"  # the trait of every upload; what was read and what people say of it are kept beside it


@dataclass(frozen=True, slots=True)
class Search:
    """What a record must be, to be found; None: anything."""

    number: str | None = None  # exactly this one; empty: none was found
    image_name: str | None = None
    since: datetime | None = None
    until: datetime | None = None  # earlier than that
    least: float | None = None  # confidence of its reading
    most: float | None = None  # less than that
    model_version: str | None = None
    labelled: Labelled | None = None  # what people say of an upload: nothing, the number that was read, or another

    @property
    def first(self) -> UUID:
        """The smallest id that may be found."""
        return first_id(self.since) if self.since else UUID(int=0)

    def end(self, before: UUID | None) -> UUID:
        """All ids that may be found are smaller; `before`: those of the page before were not."""
        return min(filter(None, (before, first_id(self.until) if self.until else END, END)))

    @property
    def bands(self) -> range:
        """The bands of confidence that may hold what is searched for."""
        least, most = self.least or 0.0, 1.0 if self.most is None else self.most
        last = bisect_right(EDGES, most) - (most in EDGES)
        return range(bisect_right(EDGES, least), last + 1) if least < most else range(0)

    @property
    def by_confidence(self) -> bool:
        """Whether a confidence is asked for."""
        return self.least is not None or self.most is not None

    @property
    def asked(self) -> int:
        """How many things are asked for, times aside."""
        alone = (self.number, self.image_name, self.model_version, self.labelled)
        return sum(each is not None for each in alone) + self.by_confidence

    @property
    def exact(self) -> bool:
        """Whether every record of the traits that are walked along is one that is searched for."""
        edges = self.least in (None, 0, *EDGES) and self.most in (None, *EDGES)
        return self.asked == 1 and (not self.by_confidence or edges)

    def matches(self, record: Record) -> bool:
        """Whether a record is as it must be, time and labels aside."""
        reading = record.reading
        return (
            self.number in (None, record.number)
            and self.image_name in (None, record.image_name)
            and (self.model_version is None or (reading is not None and reading.model_version == self.model_version))
            and (not self.by_confidence or (reading is not None and self._holds(round(reading.confidence, 6))))
        )

    def _holds(self, confidence: float) -> bool:
        return (self.least is None or confidence >= self.least) and (self.most is None or confidence < self.most)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found, newest first.

    `rest` is the `before` of the next page, None where nothing older can be found. With fewer records than were asked
    for it is how far the search looked.
    """

    records: list[Record]
    rest: UUID | None = None


def together(one: Found, other: Found, limit: int) -> Found:
    """One page of those that two places gave, no record twice."""
    looked = max(filter(None, (one.rest, other.rest)), default=UUID(int=0))
    by_id = merge(one.records, other.records, key=lambda record: record.id, reverse=True)
    records = [next(same) for _, same in groupby(by_id, key=lambda record: record.id)]
    return cut([record for record in records if record.id >= looked], limit, looked if looked.int else None)


def cut(records: Sequence[Record], limit: int, looked: UUID | None) -> Found:
    """A page of all that were found until `looked`, None: until the end."""
    return Found(list(records[:limit]), records[limit - 1].id if len(records) > limit else looked)


def band(confidence: float) -> int:
    """The band of confidence that a reading is in."""
    return bisect_right(EDGES, round(confidence, 6))


def _brief(kind: str, text: str) -> str:
    """A trait of any text: short, and of an image name that was erased nothing is left to read."""
    return f"{kind} {sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def traits(record: Record) -> list[str]:
    """Every trait of a record but what people say of it (`said_traits`)."""
    found = [_brief("number", record.number), _brief("name", record.image_name)]
    if record.reading is not None:
        found += [f"model {record.reading.model_version}", f"confidence {band(record.reading.confidence)}"]
    if record.source == "upload":
        found.append(UPLOAD)
    return found


def said_traits(number: str | None, said: str) -> list[str]:
    """The trait of an upload that was read as `number` and is said to be another or the same; None: not known yet."""
    if number is None:
        return ["confirmed", "corrected"]
    return ["confirmed" if number == said else "corrected"]


def walked(search: Search) -> Iterator[str]:
    """The traits to walk along, the rarest that are asked for; none: all records may be found."""
    if search.image_name is not None:
        yield _brief("name", search.image_name)
    elif search.number is not None:
        yield _brief("number", search.number)
    elif search.labelled in ("confirmed", "corrected"):
        yield search.labelled
    elif search.by_confidence:
        yield from (f"confidence {each}" for each in search.bands)
    elif search.model_version is not None:
        yield f"model {search.model_version}"
    elif search.labelled == "no":
        yield UPLOAD
