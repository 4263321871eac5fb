"""Searching a store: the filters of a search, and the index terms by which records are found.

An index term is one filter with its value: a number, an image name, a model version, a band of confidence. Stores keep
the records of each term together, newest first, so that a search with one filter scans no more records than it shows.
A search with several filters scans the rarest term and tests each record against the others, up to `LOOK` records;
then it returns how far it came, and can be continued from there.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from heapq import merge
from itertools import groupby
from typing import Literal
from uuid import UUID

from mnist_predict.store.ids import first_id
from mnist_predict.store.record import Record

LOOK = 1000  # maximum number of records that one search scans
COUNTED = 200  # records that are counted where each has to be looked at
EDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)  # of bands of confidence, finer where most are
END = UUID("e677d21f-dbff-7fff-bfff-ffffffffffff")  # the last id of the year 9999

Labelled = Literal["no", "confirmed", "corrected", "others"]
OTHERS: Labelled = "others"  # what is found are the labels of other numbers of a picture than its primary one
UPLOAD = "upload"  # the term of every upload; its row also holds the number that was read and the newest label


@dataclass(frozen=True, slots=True)
class Search:
    """The filters of a search; None: any value."""

    number: str | None = None  # exactly these digits; empty: none was found
    image_name: str | None = None
    since: datetime | None = None
    until: datetime | None = None  # earlier than that
    least: float | None = None  # confidence of its reading
    most: float | None = None  # less than that
    model_version: str | None = None
    labelled: Labelled | None = None  # what people say of an upload: nothing, the number that was read, or another
    written: str | None = None  # written exactly so, with a minus, a point or commas
    name_part: str | None = None  # anywhere in the image name, the case of A to Z aside

    @property
    def first(self) -> UUID:
        """The smallest id that may match."""
        return first_id(self.since) if self.since else UUID(int=0)

    def end(self, before: UUID | None) -> UUID:
        """The upper bound of matching ids, exclusive; `before`: the bound from the previous page."""
        return min(filter(None, (before, first_id(self.until) if self.until else END, END)))

    @property
    def bands(self) -> range:
        """The bands of confidence that may hold matching records."""
        least, most = self.least or 0.0, 1.0 if self.most is None else self.most
        last = bisect_right(EDGES, most) - (most in EDGES)
        return range(bisect_right(EDGES, least), last + 1) if least < most else range(0)

    @property
    def by_confidence(self) -> bool:
        """Whether there is a filter of confidence."""
        return self.least is not None or self.most is not None

    @property
    def asked(self) -> int:
        """The number of filters, those of time aside."""
        alone = (self.number, self.written, self.image_name, self.name_part, self.model_version, self.labelled)
        return sum(each is not None for each in alone) + self.by_confidence

    @property
    def exact(self) -> bool:
        """Whether every record of the scanned terms matches."""
        edges = self.least in (None, 0, *EDGES) and self.most in (None, *EDGES)
        return self.asked == 1 and self.name_part is None and (not self.by_confidence or edges)

    def matches(self, record: Record) -> bool:
        """Whether a record passes the filters, those of time and labels aside."""
        reading = record.reading
        return (
            (self.labelled != OTHERS or record.of_number is not None)
            and self.number in (None, record.number)
            and self.written in (None, record.written)
            and self.image_name in (None, record.image_name)
            and (self.name_part is None or fold(self.name_part) in fold(record.image_name))
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


@dataclass(frozen=True, slots=True)
class Counted:
    """How many records there are; `more`: there may be more than were counted."""

    count: int
    more: bool = False


def count_by_looking(find: Callable[[Search, UUID | None, int], Found], search: Search) -> Counted:
    """How many records a search finds, labels aside, of the newest `COUNTED` that it finds."""
    found = find(search, None, COUNTED)
    return Counted(sum(record.label_of is None for record in found.records), found.rest is not None)


def fold(name: str) -> str:
    """A name with A to Z in lower case, as SQLite's `lower` has it."""
    return name.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def merge_results(one: Found, other: Found, limit: int) -> Found:
    """One page of those that two places gave, no record twice."""
    looked = max(filter(None, (one.rest, other.rest)), default=UUID(int=0))
    records = one_of_each(one.records, other.records)
    return cut([record for record in records if record.id >= looked], limit, looked if looked.int else None)


def one_of_each(*newest_first: Sequence[Record]) -> Iterator[Record]:
    """Records of several lists in one, newest first, none twice."""
    merged = merge(*newest_first, key=lambda record: record.id, reverse=True)
    return (next(same) for _, same in groupby(merged, key=lambda record: record.id))


def cut(records: Sequence[Record], limit: int, looked: UUID | None) -> Found:
    """A page of all that were found until `looked`, None: until the end."""
    return Found(list(records[:limit]), records[limit - 1].id if len(records) > limit else looked)


def band(confidence: float) -> int:
    """The index of the band that holds a confidence."""
    return bisect_right(EDGES, round(confidence, 6))


def _brief(kind: str, text: str) -> str:
    """An index term of any text: a hash, so that it is short and tells nothing of an image name that was erased."""
    return f"{kind} {sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def index_terms(record: Record) -> list[str]:
    """All index terms of a record except those of its labels (`label_terms`)."""
    found = [_brief("number", record.number), _brief("name", record.image_name)]
    if record.written != record.number:
        found.append(_brief("written", record.written))
    if record.reading is not None:
        found += [f"model {record.reading.model_version}", f"confidence {band(record.reading.confidence)}"]
    if record.source == "upload":
        found.append(UPLOAD)
    if record.of_number is not None:
        found.append(OTHERS)
    return found


def label_terms(read: str | None, said: str) -> list[str]:
    """The index term of an upload written as `read` and labelled as `said`; both terms if `read` is not known."""
    if read is None:
        return ["confirmed", "corrected"]
    return ["confirmed" if read == said else "corrected"]


def terms_to_scan(search: Search) -> Iterator[str]:
    """The terms to scan: those of the rarest filter; none if there is no filter with a term."""
    if search.image_name is not None:
        yield _brief("name", search.image_name)
    elif search.written is not None:
        yield _brief("written", search.written)
    elif search.number is not None:
        yield _brief("number", search.number)
    elif search.labelled in ("confirmed", "corrected", OTHERS):
        yield search.labelled
    elif search.by_confidence:
        yield from (f"confidence {each}" for each in search.bands)
    elif search.model_version is not None:
        yield f"model {search.model_version}"
    elif search.labelled == "no":
        yield UPLOAD
