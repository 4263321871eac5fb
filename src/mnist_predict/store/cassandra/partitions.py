"""Which partitions there are, newest first: of all records, and of those with some index terms."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from heapq import merge
from itertools import groupby, islice
from typing import Any, TypeVar
from uuid import UUID

from mnist_predict.store.cassandra.rows import Partition, month_of, partition
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.ids import first_of

AT_ONCE = 6  # partitions that are asked first, at least: most of the eight of a time; then twice as many each time
MOST_AT_ONCE = 64
LISTED = 64  # partitions whose names come together: those of the first three times that some are asked
MOST_MONTHS_AT_ONCE = 16

_MONTHS = "select month from @month where shelf = 0 and month >= ? and month <= ?"
_ALL = (
    "select day, bucket from @bucket_of_month where month = ? and (day, bucket) >= (?, ?) and (day, bucket) <= (?, ?)"
)
_OF_TRAIT = """select day, bucket from @bucket_of_trait
    where trait = ? and month = ? and (day, bucket) >= (?, ?) and (day, bucket) <= (?, ?)"""

T = TypeVar("T")
TermsOf = tuple[Partition, list[str]]


def all_buckets(session: Session, first: UUID, end: UUID) -> Iterator[list[Partition]]:
    """The partitions that hold records from one id to another, in groups to ask at once."""
    low, high = _between(first, end)

    def there_are() -> Iterator[Partition]:
        for [month] in session.rows(session.start(_MONTHS, month_of(low[0]), month_of(high[0]))):
            for day, bucket in session.rows(session.start(_ALL, month, *low, *high, fetch_size=LISTED)):
                yield day.date(), bucket

    return _grouped(there_are(), lambda where: where)


def buckets_of(session: Session, terms: Sequence[str], first: UUID, end: UUID) -> Iterator[list[TermsOf]]:
    """The same of records with any of some terms, each partition with those that are there."""
    low, high = _between(first, end)

    def in_month(month: int) -> Iterator[TermsOf]:
        asked = [(term, session.start(_OF_TRAIT, term, month, *low, *high, fetch_size=LISTED)) for term in terms]
        return _side_by_side([(term, session.rows(rows)) for term, rows in asked])

    def there_are() -> Iterator[TermsOf]:
        months = session.rows(session.start(_MONTHS, month_of(low[0]), month_of(high[0])))
        at_once = 1
        while together := [month for [month] in islice(months, at_once)]:
            for one in [in_month(month) for month in together]:
                yield from one
            at_once = min(at_once * 2, MOST_MONTHS_AT_ONCE)

    return _grouped(there_are(), lambda each: each[0])


def _side_by_side(streams: Iterable[tuple[str, Iterator[Any]]]) -> Iterator[TermsOf]:
    """The partitions of several terms as one list, newest first."""
    named = (_named(term, rows) for term, rows in streams)
    newest_first = merge(*named, key=lambda each: each[0], reverse=True)
    for where, same in groupby(newest_first, key=lambda each: each[0]):
        yield where, [term for _, term in same]


def _named(term: str, rows: Iterator[Any]) -> Iterator[tuple[Partition, str]]:
    """The partitions of an index term, one by one: a month has thousands, of which a page asks a few."""
    for day, bucket in rows:
        yield (day.date(), bucket), term


def within(where: Partition, first: UUID, end: UUID) -> tuple[UUID, UUID]:
    """What of the ids from the first up to but without the other may be in a partition."""
    day, bucket = where
    start = (day - date(1970, 1, 1)).days * 86_400_000 + bucket // 8 * 600_000
    return max(first, UUID(int=first_of(start).int & -1 << 76)), min(end, first_of(start + 600_000))


def _between(first: UUID, end: UUID) -> tuple[Partition, Partition]:
    """The oldest and the newest partition that ids may be in; the eight of a time are asked together."""
    (first_day, first_bucket), (last_day, last_bucket) = partition(first), partition(end)
    return (first_day, first_bucket & ~7), (last_day, last_bucket | 7)


def _grouped(newest_first: Iterable[T], where: Callable[[T], Partition]) -> Iterator[list[T]]:
    """Growing groups of whole ten minutes: within such a time, ids lie in up to eight partitions."""
    group: list[T] = []
    enough = AT_ONCE
    for one in newest_first:
        day, bucket = where(one)
        if len(group) >= enough:
            last_day, last_bucket = where(group[-1])
            if (last_day, last_bucket | 7) != (day, bucket | 7):
                yield group
                group, enough = [], min(enough * 2, MOST_AT_ONCE)
        group.append(one)
    if group:
        yield group
