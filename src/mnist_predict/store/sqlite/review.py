"""The readings that wait for a person, in SQLite: a row each. Triggers of the schema take them out (see 0004)."""

import time
from collections.abc import Sequence
from uuid import UUID

from mnist_predict.store.reasons import needs_review, reasons
from mnist_predict.store.record import Record
from mnist_predict.store.sqlite.connection import Connection

# Newest first; of a digit, and of all.
OF_DIGIT = "select id from review where number = ? and length(number) = 1 and id < ? order by id desc limit ?"
OF_ALL = "select id from review where id < ? order by id desc limit ?"

NOBODY = ""
# Labels that came before their record, as `store copy` brings them, are heeded.
_PUT = """insert into review (id, number) select ?1, ?2
    where not exists (select 1 from counting_label where label_of = ?1)
      and not exists (select 1 from merged join counting_label on label_of = merged.id where kept = ?1)
    on conflict do nothing"""
_UNSAID = """select id, coalesce(written, number), reading from record
    where id = coalesce((select kept from merged where id = ?1), ?1)
      and source = 'upload' and sha256 is not null and reading is not null and said is null"""
_FREE = "select 1 from review where id = ? and (held_until < ? or holder = ?)"
_HOLD = "update review set holder = ?, held_until = ? where id = ?"


def put(connection: Connection, records: Sequence[Record]) -> None:
    """Have those of the records wait that a person should look at, and those whose last label is withdrawn."""
    connection.executemany(_PUT, ((str(record.id), record.written) for record in records if reasons(record)))
    for record in records:
        if record.withdraws is not None:
            for record_id, written, reading in connection.execute(_UNSAID, (str(record.label_of),)).fetchall():
                if needs_review(record_id, reading):
                    connection.execute(_PUT, (record_id, written))


def lease(connection: Connection, ids: Sequence[UUID], who: str, seconds: float, most: int) -> list[UUID]:
    """Give the first `most` that are free, or `who`'s already, to `who` for so long."""
    now = time.time()
    held: list[UUID] = []
    for each in ids:
        if len(held) == most:
            break
        if connection.execute(_FREE, (str(each), now, who)).fetchone():
            connection.execute(_HOLD, (who, now + seconds, str(each)))
            held.append(each)
    return held


def skip(connection: Connection, record_id: UUID, who: str, seconds: float) -> None:
    """Give what `who` holds to nobody for so long."""
    now = time.time()
    if connection.execute(_FREE, (str(record_id), now, who)).fetchone():
        connection.execute(_HOLD, (NOBODY, now + seconds, str(record_id)))
