"""The store in one SQLite file: the default, and the spool of a store that is away.

WAL with `synchronous = FULL`: a write is acknowledged when it has reached the disk, and readers never wait.
Any number of threads and processes may use one file.
"""

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from mnist_predict.errors import KeyReused, StoreUnavailable
from mnist_predict.reading import Reading
from mnist_predict.store.protocol import ERASED_AT_ONCE, Store, Unreviewed
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.search import Counted, Found, Search, cut
from mnist_predict.store.sqlite import erase as erasing
from mnist_predict.store.sqlite import reserve
from mnist_predict.store.sqlite import review as sqlite_review
from mnist_predict.store.sqlite.connection import Connection, close, connect, explain, is_current, patiently
from mnist_predict.store.sqlite.group_commit import Writer
from mnist_predict.store.sqlite.search import count, find
from mnist_predict.store.versions import sqlite as sqlite_versions
from mnist_predict.store.versions.kept import Assignment, KeptVersion

COLUMNS = (
    'id, image_name, number, source, sha256, reading, label_of, idempotency_key, "by", written, of_number, withdraws'
)
SELECT = f"select {COLUMNS} from record "  # noqa: S608 (a constant)
SAME = SELECT + "where id = ? or idempotency_key = ? order by id <> ?"
NEWEST_LABELS = f"""select {COLUMNS}, wanted from (select value as wanted from json_each(?)) join record on id = (
    select id from record as label
    where (label_of = wanted or label_of in (select merged.id from merged where kept = wanted))
      and of_number is null and withdraws is null
      and not exists (select 1 from record where withdraws = label.id)
    order by id desc limit 1)"""  # noqa: S608 (a constant)
_INSERT = f"insert into record ({COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing"  # noqa: S608
_INSERT_PICTURE = "insert into picture (sha256, bytes) values (?, ?) on conflict do nothing"
_inherited: list[object] = []  # connections of a parent process: using or closing them would corrupt its file


class SqliteStore(Store):
    """A `Store` in one file (see there for the methods). Connections open with the first use in each process."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._open()

    def _open(self) -> None:
        self._process = os.getpid()
        self._writer = Writer(self.path, self._close_readers)
        self._readers: list[Connection] = []
        self._closed = False

    def add(self, record: Record, picture: bytes | None = None, is_new: bool = False) -> Record:
        row = to_row(record)

        def keep(connection: Connection) -> Record:
            erasing.refuse_erased(connection, record)
            self._make_room(connection, record, picture)
            kept = record
            if connection.execute(_INSERT, row).rowcount == 0:
                kept = from_row(connection.execute(SAME, (row[0], record.key, row[0])).fetchone())
                check_same(kept, record)
            else:
                sqlite_review.put(connection, [record])
            if picture is not None:
                connection.execute(_INSERT_PICTURE, (record.sha256, picture))
            return kept

        return self._of_this_process()._writer.run(keep)

    def _make_room(self, connection: Connection, record: Record, picture: bytes | None) -> None:
        """Before each record is kept; a store has no limit but its disk."""

    def add_all(self, records: Sequence[Record], pictures: Mapping[str, bytes]) -> None:
        def keep(connection: Connection) -> None:
            gone = erasing.those_erased(connection, records)
            connection.executemany(_INSERT_PICTURE, pictures.items())
            kept = [record for record in records if record not in gone]
            connection.executemany(_INSERT, map(to_row, kept))
            sqlite_review.put(connection, kept)
            connection.executemany(erasing.UNUSED, ((record.sha256,) for record in gone))

        self._of_this_process()._writer.run(keep)

    def merge(self, record_id: UUID, kept_id: UUID) -> None:
        ids = str(record_id), str(kept_id)
        merge = "insert into merged (id, kept) values (?, ?) on conflict do nothing"

        def take(connection: Connection) -> None:
            if not erasing.take_for_erased(connection, *ids):
                connection.execute(merge, ids)
            connection.execute("delete from record where id = ?", ids[:1])

        self._of_this_process()._writer.run(take)

    def merged(self) -> Iterator[tuple[UUID, UUID]]:
        for one, kept in self._read("select id, kept from merged"):
            yield UUID(one), UUID(kept)

    def get(self, record_id: UUID) -> Record | None:
        found = self._first("where id = ?", str(record_id))
        return found or self._first("where id = (select kept from merged where id = ?)", str(record_id))

    def newest(self, image_name: str) -> Record | None:
        return self._first(
            "indexed by record_by_image_name where image_name = ? and sha256 is not null and label_of is null "
            "order by id desc",
            image_name,
        )

    def page(self, before: UUID | None = None, limit: int = 50) -> list[Record]:
        return self._records("where id < ? order by id desc limit ?", str(before) if before else "g", limit)

    def search(self, search: Search, before: UUID | None = None, limit: int = 50) -> Found:
        rows, looked = find(self._read, COLUMNS, search, before, limit + 1)
        return cut([from_row(row) for row in rows], limit, looked)

    def label_history(self, record_id: UUID) -> list[Record]:
        of = "where label_of = ? or label_of in (select id from merged where kept = ?) order by id desc"
        return self._records(of, str(record_id), str(record_id))

    def newest_labels(self, record_ids: Sequence[UUID]) -> dict[UUID, Record]:
        rows = self._read(NEWEST_LABELS, json.dumps([str(record_id) for record_id in record_ids]))
        return {UUID(row[-1]): from_row(row[:-1]) for row in rows}

    def count_found(self, search: Search) -> Counted:
        if search.asked and not search.exact:
            return super().count_found(search)
        return count(self._read, search)

    def picture(self, sha256: str) -> bytes | None:
        found = self._read("select bytes from picture where sha256 = ?", sha256)
        return found[0][0] if found else None

    def unreviewed(self, before: UUID | None = None, limit: int = 50, digit: str | None = None) -> Unreviewed:
        last = str(before) if before else "g"
        if digit is None:
            rows = self._read(sqlite_review.OF_ALL, last, limit)
        else:
            rows = self._read(sqlite_review.OF_DIGIT, digit, last, limit)
        ids = [UUID(row[0]) for row in rows]
        return Unreviewed(ids, ids[-1] if len(ids) == limit else None)

    def lease(self, ids: Sequence[UUID], who: str, seconds: float, most: int) -> list[Record]:
        run = self._of_this_process()._writer.run
        held = run(lambda connection: sqlite_review.lease(connection, ids, who, seconds, most))
        return [record for each in held if (record := self.get(each))]

    def skip(self, record_id: UUID, who: str, seconds: float) -> None:
        self._write(lambda connection: sqlite_review.skip(connection, record_id, who, seconds))

    def erased_with(self, record: Record, limit: int = ERASED_AT_ONCE) -> list[Record]:
        labelled = self.get(record.label_of) if record.label_of is not None else None
        of = labelled or record
        return self._records(erasing.TOGETHER, of.sha256 or "", str(of.id), str(record.id), limit)

    def erase(self, erasure: Erasure) -> Erasure:
        return self._erase(lambda connection: erasing.erase(connection, erasure))

    def _erase(self, work: Callable[[Connection], Erasure]) -> Erasure:
        """Erase, with the room that is kept for it where the disk is full."""
        try:
            done = self._of_this_process()._writer.run(work)
        except StoreUnavailable:
            if not reserve.give(self.path):
                raise
            done = self._of_this_process()._writer.run(work)
        erasing.empty_log(self.path)
        reserve.keep(self.path)
        return done

    def erasures(self) -> Iterator[Erasure]:
        return erasing.erasures(self._read(erasing.ERASURES))

    def erased(self, record_ids: Iterable[UUID]) -> set[UUID]:
        return {UUID(row[0]) for row in self._read(erasing.ERASED, json.dumps([str(each) for each in record_ids]))}

    def count(self) -> int:
        found: int = self._read("select count(*) from record")[0][0]
        return found

    def pictures(self) -> Iterator[str]:
        last = ""
        while found := self._read("select sha256 from picture where sha256 > ? order by sha256 limit 1000", last):
            yield from (row[0] for row in found)
            last = found[-1][0]

    def keep_version(self, version: KeptVersion, archive: bytes) -> None:
        row = sqlite_versions.version_row(version, archive)
        self._write(lambda connection: connection.execute(sqlite_versions.KEEP, row))

    def versions(self) -> list[KeptVersion]:
        return [sqlite_versions.version_of(row) for row in self._read(sqlite_versions.VERSIONS)]

    def version_archive(self, name: str) -> bytes | None:
        found = self._read(sqlite_versions.ARCHIVE, name)
        return found[0][0] if found else None

    def assign(self, assignment: Assignment) -> None:
        row = sqlite_versions.assignment_row(assignment)
        self._write(lambda connection: connection.execute(sqlite_versions.ASSIGN, row))

    def assignments(self, limit: int = 100) -> list[Assignment]:
        return [sqlite_versions.assignment_of(row) for row in self._read(sqlite_versions.ASSIGNMENTS, limit)]

    def check_writable(self) -> None:
        self._write(lambda connection: connection.execute("update pulse set beat = randomblob(65536)"))
        reserve.keep(self.path)

    def close(self) -> None:
        store = self._of_this_process()
        store._closed = True
        store._writer.close()
        store._close_readers()

    def _of_this_process(self) -> "SqliteStore":
        if self._process != os.getpid():
            _inherited.append((self._writer, self._readers))
            self._open()
        return self

    def _close_readers(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                close(self._readers.pop(), self.path)

    def _write(self, work: Callable[[Connection], object]) -> None:
        self._of_this_process()._writer.run(work)

    def _first(self, where: str, *values: str) -> Record | None:
        return next(iter(self._records(f"{where} limit 1", *values)), None)

    def _records(self, where: str, *values: str | int) -> list[Record]:
        return [from_row(row) for row in self._read(SELECT + where, *values)]

    def _read(self, sql: str, *values: str | float | None) -> list[Any]:
        store = self._of_this_process()
        if store._closed:
            raise StoreUnavailable("The store is closed. Try again when the service has started anew.")
        connection = None
        try:
            with contextlib.suppress(IndexError):
                connection = store._readers.pop()
            if connection is not None and not is_current(connection, self.path):
                close(connection, self.path)
                connection = None
                store._close_readers()
                store._writer.run(lambda _: None)  # so that it lets go, too
            connection = connection or connect(self.path)
            rows = _fetch(connection, sql, values)
        except (sqlite3.Error, OSError, StoreUnavailable) as error:
            if connection is not None:
                connection.close()
            raise explain(error, self.path) from error
        store._readers.append(connection)
        return rows


def _fetch(connection: Connection, sql: str, values: tuple[str | float | None, ...]) -> list[Any]:
    return patiently(lambda: connection.execute(sql, values).fetchall())


def check_same(kept: Record, record: Record) -> None:
    """Raise `KeyReused` unless what is kept under the id or key of a record has its name and picture."""
    if (kept.image_name, kept.sha256) != (record.image_name, record.sha256):
        raise KeyReused("This Idempotency-Key (or id) was used for another picture or name. Use a new one.")


def to_row(record: Record) -> tuple[str | int | None, ...]:
    """The columns of a record."""
    reading = record.reading.json if record.reading else None
    label_of = str(record.label_of) if record.label_of else None
    written = record.written if record.written != record.number else None
    return (
        *(str(record.id), record.image_name, record.number, record.source, record.sha256),
        *(reading, label_of, record.key, record.by, written),
        *(record.of_number, str(record.withdraws) if record.withdraws else None),
    )


def from_row(row: tuple[Any, ...]) -> Record:
    """The record of its columns."""
    record_id, image_name, number, source, sha256, reading, label_of, key, by, written, of_number, withdraws = row
    return Record(
        *(UUID(record_id), image_name, written or number, source, sha256),
        reading=Reading.from_dict(json.loads(reading)) if reading else None,
        label_of=UUID(label_of) if label_of else None,
        key=key,
        by=by,
        of_number=of_number,
        withdraws=UUID(withdraws) if withdraws else None,
    )
