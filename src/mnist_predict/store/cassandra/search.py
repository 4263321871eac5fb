"""Searching Cassandra: along the rows of an index term, newest first, and from them to the records (see search.py)."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from mnist_predict.store.cassandra.partitions import AT_ONCE, all_buckets, buckets_of, within
from mnist_predict.store.cassandra.rows import GET_SOME, PAGE, Partition, from_row, partition
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.record import Record
from mnist_predict.store.search import LOOK, OTHERS, UPLOAD, Found, Search, cut, label_terms, terms_to_scan

_MORE = 100  # records that are looked at together where the first were too few of those that are searched for

_TOGETHER = 50  # records of a name that are looked at together

_WALK = """select id, number, said from @record_by_trait
    where day = ? and bucket = ? and trait = ? and id >= ? and id < ?"""
_SAID = "select id, number, said from @record_by_trait where day = ? and bucket = ? and trait = ? and id in ?"


class _Row(NamedTuple):
    """A row of an index term; number and said (the newest label's id and number) only in those of uploads."""

    id: UUID
    number: str | None
    said: str | None


def search(session: Session, search: Search, before: UUID | None, limit: int) -> Found:
    """A page of the records that are searched for; see `Store.search`."""
    first, end = search.first, search.end(before)
    if not search.asked:
        records = list(islice(newest(session, first, end, limit + 1), limit + 1))
        return cut(records, limit, None)
    if search.name_part is not None and not list(terms_to_scan(search)):  # a part of a name has no term
        return _look_through(session, search, first, end, limit)
    found: list[Record] = []
    looked = 0
    some = limit + 1
    if not search.exact or search.labelled == "no":  # not each that is walked along may be one that is searched for
        some = min(some + limit // 5, LOOK)
    rows = _walk(session, search, first, end, some)
    while len(found) <= limit and looked < LOOK:
        together = list(islice(rows, some))
        if not together:
            return cut(found, limit, None)
        looked += len(together)
        found += _records(session, search, together)
        some = min(_MORE, LOOK - looked)
    return cut(found, limit, together[-1].id)


def newest_upload(session: Session, image_name: str, before: UUID, gone: Collection[UUID] = ()) -> Record | None:
    """The newest record of a name that brought a picture, of those whose id is smaller and that are not to go."""
    rest: UUID | None = before
    while rest is not None:
        found = search(session, Search(image_name=image_name), rest, _TOGETHER)
        left = (each for each in found.records if each.sha256 and not each.label_of and each.id not in gone)
        if (newest := next(left, None)) is not None:
            return newest
        rest = found.rest
    return None


def _look_through(session: Session, search: Search, first: UUID, end: UUID, limit: int) -> Found:
    """What passes the filters among the newest `LOOK` records."""
    found: list[Record] = []
    for looked, record in enumerate(newest(session, first, end, LOOK), 1):
        found += [record] if search.matches(record) else []
        if len(found) > limit or looked == LOOK:
            return cut(found, limit, record.id if looked == LOOK else None)
    return cut(found, limit, None)


def newest(session: Session, first: UUID, end: UUID, limit: int) -> Iterator[Record]:
    """All records from one id to another, newest first; about `limit` of them are wanted."""
    size = max(10, limit // AT_ONCE)
    for group in all_buckets(session, first, end):
        asked = [session.between(PAGE, *where, *within(where, first, end), fetch_size=size) for where in group]
        streams = [map(from_row, rows) for rows in asked]
        yield from merge(*streams, key=lambda record: record.id, reverse=True)


def _walk(session: Session, search: Search, first: UUID, end: UUID, some: int) -> Iterator[_Row]:
    """The rows of the terms that are walked along, newest first; about `some` of them are wanted."""
    size = max(10, some // 4)
    for group in buckets_of(session, list(terms_to_scan(search)), first, end):
        asked = [
            session.between(_WALK, *where, term, *within(where, first, end), fetch_size=size)
            for where, terms in group
            for term in terms
        ]
        streams = [(_Row(*row) for row in rows) for rows in asked]
        yield from merge(*streams, key=lambda row: row.id, reverse=True)


def _records(session: Session, search: Search, rows: Sequence[_Row]) -> list[Record]:
    """The records of some rows that are as they must be, newest first."""
    if search.labelled not in (None, OTHERS):
        rows = [row for row in _of_uploads(session, search, rows) if _is_said(search, row)]
    found = map(from_row, _ask_for(session, GET_SOME, rows))
    return sorted((record for record in found if search.matches(record)), key=lambda record: record.id, reverse=True)


def _of_uploads(session: Session, search: Search, rows: Sequence[_Row]) -> Sequence[_Row]:
    """The rows that tell what people say of each: in its own term it may stand for what was said before."""
    if list(terms_to_scan(search)) == [UPLOAD]:
        return rows
    return [_Row(*row) for row in _ask_for(session, _SAID, rows, UPLOAD)]


def _is_said(search: Search, row: _Row) -> bool:
    if row.number is None:  # a label of what is not here, or is no upload
        return False
    return search.labelled in (label_terms(row.number, row.said.partition(" ")[2]) if row.said else ["no"])


def _ask_for(session: Session, select: str, rows: Sequence[_Row], *values: str) -> Iterator[Any]:
    """What lies under the ids of some rows, each partition asked once, all at the same time."""
    ids: dict[Partition, list[UUID]] = defaultdict(list)
    for row in rows:
        ids[partition(row.id)].append(row.id)
    for answer in [session.start(select, *where, *values, some) for where, some in ids.items()]:
        yield from session.rows(answer)
