"""Erasing for good in SQLite: in one transaction; freed pages are overwritten (`secure_delete`), the log is emptied."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID

from mnist_predict.errors import Gone, StoreUnavailable
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.sqlite.connection import Connection, connect

TOGETHER = """where id in (
    select id from record
    where sha256 = ?1 or id = ?2 or label_of = ?2 or label_of in (select id from record where sha256 = ?1)
    order by id = ?3, id = ?2, label_of is null, id desc limit ?4
) order by id desc"""  # ?2: what is asked for, or what that labels; ?3: what is asked for
ERASURES = 'select erasure, "by", id from erased order by erasure desc, id'
ERASED = "select id from erased where id in (select value from json_each(?))"
UNUSED = "delete from picture where sha256 = ?1 and not exists (select 1 from record where sha256 = ?1)"

_BAR = "insert into erased values (?, ?, ?, ?) on conflict do nothing"
BARRED = "select id from erased where id in (?, ?) or idempotency_key = ?"
_POINTS_TO = "select id from record where label_of = ?1 union select id from merged where kept = ?1"
_SECONDS_TO_EMPTY = 2  # until readers of before the erasing have ended


def refuse_erased(connection: Connection, record: Record) -> None:
    """Raise `Gone` for a record that was erased, a retry of its upload, or a label of it."""
    refuse(connection.execute(BARRED, barred_by(record)).fetchall())


def barred_by(record: Record) -> tuple[str, str, str | None]:
    """The values of `BARRED`."""
    return str(record.id), str(record.label_of), record.key


def refuse(rows: list[Any]) -> None:
    """Raise `Gone` where `BARRED` has rows."""
    if rows:
        raise Gone(UUID(rows[0][0]))


def those_erased(connection: Connection, records: Sequence[Record]) -> list[Record]:
    """Those of the records that were erased, or are labels of what was."""
    ids = {str(each) for record in records for each in (record.id, record.label_of) if each is not None}
    found = {row[0] for row in connection.execute(ERASED, (json.dumps(list(ids)),))}
    return [record for record in records if {str(record.id), str(record.label_of)} & found] if found else []


def take_for_erased(connection: Connection, one: str, kept: str) -> bool:
    """Whether the second id was erased; then the first, which is of the same upload, was erased with it."""
    erasure = connection.execute('select erasure, "by" from erased where id = ?', (kept,)).fetchone()
    if erasure:
        connection.execute(_BAR, (one, *erasure, None))
    return erasure is not None


def erase(connection: Connection, erasure: Erasure) -> Erasure:
    """Within a transaction; see `Store.erase`."""
    going: dict[str, None] = {}
    pending = [str(record_id) for record_id in erasure.records]
    while pending:
        one = pending.pop()
        if one not in going:
            going[one] = None
            pending += [row[0] for row in connection.execute(_POINTS_TO, (one,))]
    pictures = set()
    for one in going:
        kept = connection.execute("select sha256, idempotency_key from record where id = ?", (one,)).fetchone()
        digest, key = kept or (None, None)
        pictures.add(digest)
        connection.execute(_BAR, (one, str(erasure.id), erasure.by, key))
        connection.execute("delete from record where id = ?", (one,))
        connection.execute("delete from merged where id = ?1 or kept = ?1", (one,))
    connection.executemany(UNUSED, [(digest,) for digest in pictures])
    return replace(erasure, records=tuple(sorted(map(UUID, going))))


def erasures(rows: list[Any]) -> Iterator[Erasure]:
    """The erasures of the rows of `ERASURES`."""
    for erasure_id, group in groupby(rows, itemgetter(0)):
        together = list(group)
        yield Erasure(UUID(erasure_id), tuple(UUID(row[2]) for row in together), together[0][1])


def empty_log(path: Path) -> None:
    """Have the write-ahead log forget the pages of before; where a long read hinders it, its next turn does that."""
    with contextlib.suppress(sqlite3.Error, OSError, StoreUnavailable):
        connection = connect(path)
        try:
            connection.execute(f"pragma busy_timeout = {1000 * _SECONDS_TO_EMPTY}")
            connection.execute("pragma wal_checkpoint(truncate)")
        finally:
            connection.close()
