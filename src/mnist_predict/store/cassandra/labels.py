"""Which labels a record has, in Cassandra, told from the rows that lead to them."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from mnist_predict.store.cassandra.rows import GET, from_row, partition
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.record import Record, standing

_MERGED = "select id from @merged_into where kept = ?"
_POINTERS = "select id, of_number, withdraws from @label_of_record where label_of = ?"


class Pointer(NamedTuple):
    """A label's id, and what of it decides whether it counts."""

    id: UUID
    of_number: int | None
    withdraws: UUID | None


def pointers(session: Session, record_ids: Iterable[UUID]) -> dict[UUID, list[Pointer]]:
    """The labels of each record and of what was merged into it, newest first, all asked for side by side."""
    merged = {of: session.start(_MERGED, of) for of in record_ids}
    asked: dict[UUID, list[Any]] = {
        of: [session.start(_POINTERS, each) for each in (of, *(row[0] for row in session.rows(rows)))]
        for of, rows in merged.items()
    }
    return {
        of: sorted(
            (Pointer(*row) for rows in found for row in session.rows(rows)), reverse=True, key=lambda one: one.id
        )
        for of, found in asked.items()
    }


def label_history(session: Session, record_id: UUID) -> list[Record]:
    """See `Store.label_history`."""
    found = pointers(session, [record_id])[record_id]
    return [label for pointer in found if (label := get(session, pointer.id))]


def newest_labels(session: Session, record_ids: Sequence[UUID]) -> dict[UUID, Record]:
    """See `Store.newest_labels`."""
    counting = {of: standing(found) for of, found in pointers(session, record_ids).items()}
    asked = {of: session.start(GET, *partition(some[0].id), some[0].id) for of, some in counting.items() if some}
    rows = {of: label.result().one() for of, label in asked.items()}
    return {of: from_row(row) for of, row in rows.items() if row}


def get(session: Session, record_id: UUID) -> Record | None:
    """The record of exactly that id."""
    row = session.run(GET, *partition(record_id), record_id).one()
    return from_row(row) if row else None
