"""The rows of the history: every record once, with what people say of it. Labels have no rows of their own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record, newest_of_each
from mnist_predict.store.search import LOOK, OTHERS, Counted, Search
from mnist_predict.written import value_of

_MOST_QUERIES = 5  # for a page: where most of what is found are labels, it is shorter


@dataclass(frozen=True, slots=True)
class Row:
    """A record with its newest label; `at`: the id under which it was found, its own or a label's.

    `other`: the label under which it was found, if that is of another number than the primary one.
    """

    record: Record
    label: Record | None
    at: UUID
    other: Record | None = None

    @property
    def written(self) -> str:
        """The number as it stands: what a person says, else what was read."""
        return self.label.written if self.label else self.record.written

    @property
    def is_corrected(self) -> bool:
        """Whether a person says another number than was read."""
        return self.label is not None and self.label.written != self.record.written


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of rows; `rest`: as of `Found`."""

    rows: list[Row]
    rest: UUID | None = None


def page(store: Store, search: Search, before: UUID | None, limit: int) -> Rows:
    """Rows newest first.

    A search for a number finds the readings of that number, and those with a number that a person corrected to it.
    Raises `StoreUnavailable`.
    """
    rows: list[Row] = []
    for _ in range(_MOST_QUERIES if limit < LOOK else 1):
        found = store.search(search, before, limit)
        rows += _rows(store, search, found.records)
        before = found.rest
        if len(rows) > limit:
            return Rows(rows[:limit], rows[limit - 1].at)
        if before is None or len(rows) == limit or len(found.records) < limit:
            break
    return Rows(rows, before)


def _rows(store: Store, search: Search, found: list[Record]) -> list[Row]:
    readings: dict[UUID, Record] = {}  # by the id under which each is found
    others: dict[UUID, Record] = {}  # by their ids, labels of other numbers

    @cache  # any number of those that are found may be labels of one record
    def labelled(record_id: UUID) -> tuple[Record | None, UUID | None]:
        """What a label is of, and the label under which that has its row: none where it is found itself."""
        of = store.get(record_id)
        if of is None or _is_found(search, of):
            return of, None
        return of, max((each.id for each in _counting(store, of) if _is_found(search, each)), default=None)

    for record in found:
        if record.label_of is None:
            readings[record.id] = record
        elif search.number is not None or search.written is not None or search.labelled == OTHERS:
            of, at = labelled(record.label_of)
            if of is not None and at == record.id:
                readings[record.id] = of
                if record.of_number is not None:
                    others[record.id] = record
    labels = store.newest_labels([record.id for record in readings.values()])
    return [Row(record, labels.get(record.id), at, others.get(at)) for at, record in readings.items()]


def _counting(store: Store, record: Record) -> Iterable[Record]:
    """What people say of each number of a record."""
    return newest_of_each(store.label_history(record.id)).values()


def _is_found(search: Search, record: Record) -> bool:
    return search.first <= record.id < search.end(None) and search.matches(record)


_ORDERS: dict[str, Callable[[Row], Any]] = {
    "number": lambda row: (row.written != "", value_of(row.written), row.written),
    "confidence": lambda row: row.record.reading.confidence if row.record.reading else -1.0,
    "name": lambda row: row.record.image_name.casefold(),
    "time": lambda row: row.record.id,
}
ORDERS = tuple(sign + name for name in _ORDERS for sign in ("", "-"))  # with a minus: from the top down


def in_order(store: Store, search: Search, order: str) -> Rows:
    """The newest `LOOK` rows in one of the `ORDERS`."""
    found = page(store, search, None, LOOK)
    return Rows(sorted(found.rows, key=_ORDERS[order.lstrip("-")], reverse=order.startswith("-")), found.rest)


def total(store: Store, search: Search, first: Rows) -> Counted | None:
    """How many rows a search has, `first` being its first page; None where that costs more than the page."""
    if first.rest is None:
        return Counted(len(first.rows))
    if search.number is not None or search.written is not None or search.labelled == OTHERS:
        found = page(store, search, None, LOOK)
        return Counted(len(found.rows), found.rest is not None)
    counted = store.count_found(search) if search.exact or not search.asked else None
    return Counted(len(first.rows), True) if counted and counted.more and counted.count < len(first.rows) else counted
