"""The index that searches in Cassandra scan: a row per index term of a record, in the partition of the record.

The rows are written together with the record, in the same mutation. `bucket_of_trait` lists the partitions that hold a
term; each process lists a partition there once, before it writes there. What labels say of an upload is in the row of
its term `upload`, where the newest label wins, whatever order they come in: by the timestamp of its id, and within a
millisecond by the id itself, as of two values of one timestamp Cassandra keeps the greater. Which label counts is told
from the rows that lead to labels: those that were withdrawn and those of other numbers than the primary one do not.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from mnist_predict.store.cassandra.rows import GET, GET_SOME, Partition, from_row, month_of, partition, timestamp
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.record import Record, standing
from mnist_predict.store.search import END, UPLOAD, index_terms, label_terms

Statement = tuple[Any, ...]

AT_ONCE = 100  # records that are asked for side by side
EVERY = UUID(int=0), END  # ids from the first, up to but without the second

_TRAIT = "insert into @record_by_trait (day, bucket, trait, id) values (?, ?, ?, ?) using timestamp ?"
_NUMBER = "insert into @record_by_trait (day, bucket, trait, id, number) values (?, ?, ?, ?, ?) using timestamp ?"
_SAID = "insert into @record_by_trait (day, bucket, trait, id, said) values (?, ?, ?, ?, ?) using timestamp ?"
_UNSAID = "insert into @record_by_trait (day, bucket, trait, id, said) values (?, ?, ?, ?, null) using timestamp ?"
_FORGET = "delete from @record_by_trait using timestamp ? where day = ? and bucket = ? and trait = ? and id = ?"
_UNSAY = "delete said from @record_by_trait using timestamp ? where day = ? and bucket = ? and trait = ? and id = ?"
_READ = "select number, written, source from @record where day = ? and bucket = ? and id = ?"
_MERGED = "select id from @merged_into where kept = ?"
_POINTERS = "select id, of_number, withdraws from @label_of_record where label_of = ? and id >= ? and id < ?"
_LIST = "insert into @bucket_of_trait (trait, month, day, bucket) values (?, ?, ?, ?)"
_LIST_BUCKET = "insert into @bucket_of_month (month, day, bucket) values (?, ?, ?)"
_LIST_MONTH = "insert into @month (shelf, month) values (0, ?)"


def listings(rows: Iterable[Statement]) -> Iterator[Statement]:
    """The statements that list the partitions of some index terms, so that pages and searches find them."""
    for _, day, bucket, term, *_ in rows:
        month = month_of(day)
        yield _LIST, term, month, day, bucket
        yield _LIST_BUCKET, month, day, bucket
        yield _LIST_MONTH, month


def rows_of(record: Record) -> list[Statement]:
    """The statements that write the index terms of a record, all in its partition."""
    where, at = partition(record.id), timestamp(record.id)
    return [
        (_NUMBER, *where, term, record.id, record.written, at)
        if term == UPLOAD
        else (_TRAIT, *where, term, record.id, at)
        for term in index_terms(record)
    ]


def forget(record: Record) -> list[Statement]:
    """The statements that delete the index terms of an erased record, and what it says of another if it is a label."""
    gone = forget_terms(record.id, index_terms(record))
    if record.label_of is not None:
        of, at = partition(record.label_of), timestamp(record.id) + (record.withdraws is not None)
        gone.append((_UNSAY, at, *of, UPLOAD, record.label_of))
        gone += [(_FORGET, at, *of, term, record.label_of) for term in label_terms(None, record.written)]
    return gone


def forget_terms(record_id: UUID, terms: Iterable[str]) -> list[Statement]:
    """The statements that delete these index terms of a record, all in its partition, be they written later still."""
    where, at = partition(record_id), timestamp(record_id)
    return [(_FORGET, at, *where, term, record_id) for term in terms]


class Sayings:
    """What labels say of uploads; these are asked for while the labels are being written."""

    def __init__(self, session: Session, records: Iterable[Record]) -> None:
        self._session = session
        labels = [(label, label.label_of) for label in records if label.label_of is not None]
        self._asked = [(label, of, session.start(_READ, *partition(of), of)) for label, of in labels]

    def rows(self) -> list[list[Statement]]:
        """What writes them, those of each label in one partition."""
        return [said_rows(self._session, of, label, asked.result().one()) for label, of, asked in self._asked]


def said_rows(session: Session, of: UUID, label: Record, read: Sequence[str | None] | None = None) -> list[Statement]:
    """What writes that a label is about an upload, or about what that was merged into.

    `read`: the upload's number, as digits and as written, and its source, None where they are not known; it may come
    after its labels.
    """
    if label.of_number is not None:
        return []
    if read is None and (merged := session.run("select kept from @merged where id = ?", of).one()):
        [of] = merged
        read = session.run(_READ, *partition(of), of).one()
    number, written, source = read or (None, None, "upload")
    if source != "upload":
        return []
    where, at = partition(of), timestamp(label.id)
    every = [each for each in pointers(session, [of])[of] if each.of_number is None]
    if every and every[0].withdraws:
        # What counts again may come later than the withdrawal, so it is written later than that nothing counts.
        counting = standing(every)
        at = timestamp(every[0].id) + bool(counting)
        newest = get(session, counting[0].id) if counting else None
        if newest is None:
            return [(_UNSAID, *where, UPLOAD, of, timestamp(every[0].id))]
        label = newest
    found = label_terms(number if written is None else written, label.written)
    said = f"{label.id} {label.written}"
    return [(_SAID, *where, UPLOAD, of, said, at), *((_TRAIT, *where, term, of, at) for term in found)]


class Pointer(NamedTuple):
    """A label's id, and what of it decides whether it counts."""

    id: UUID
    of_number: int | None
    withdraws: UUID | None


def pointers(session: Session, record_ids: Iterable[UUID]) -> dict[UUID, list[Pointer]]:
    """The labels of each record and of what was merged into it, newest first, all asked for side by side."""
    merged = {of: session.start(_MERGED, of) for of in record_ids}
    asked: dict[UUID, list[Any]] = {
        of: [session.between(_POINTERS, each, *EVERY) for each in (of, *(row[0] for row in session.rows(rows)))]
        for of, rows in merged.items()
    }
    return {
        of: sorted((Pointer(*row) for rows in found for row in rows), reverse=True, key=lambda one: one.id)
        for of, found in asked.items()
    }


def label_history(session: Session, record_id: UUID) -> list[Record]:
    """See `Store.label_history`."""
    found = pointers(session, [record_id])[record_id]
    return list(get_all(session, (pointer.id for pointer in found)))


def newest_labels(session: Session, record_ids: Sequence[UUID]) -> dict[UUID, Record]:
    """See `Store.newest_labels`."""
    counting = {of: standing(found) for of, found in pointers(session, record_ids).items()}
    asked = {of: session.start(GET, *partition(some[0].id), some[0].id) for of, some in counting.items() if some}
    rows = {of: label.result().one() for of, label in asked.items()}
    return {of: from_row(row) for of, row in rows.items() if row}


def get_all(session: Session, record_ids: Iterable[UUID]) -> Iterator[Record]:
    """Those of the records that there are, in the order of their ids here; asked for side by side, some at a time.

    Each partition is asked once for all of them that are in it: the labels of a record are many in few, as a rule.
    """
    every = iter(record_ids)
    while some := list(islice(every, AT_ONCE)):
        partitions: dict[Partition, list[UUID]] = defaultdict(list)
        for each in some:
            partitions[partition(each)].append(each)
        asked = [session.start(GET_SOME, *where, ids) for where, ids in partitions.items()]
        found = {row[0]: row for answer in asked for row in session.rows(answer)}
        yield from (from_row(found[each]) for each in some if each in found)


def get(session: Session, record_id: UUID) -> Record | None:
    """The record of exactly that id."""
    row = session.run(GET, *partition(record_id), record_id).one()
    return from_row(row) if row else None
