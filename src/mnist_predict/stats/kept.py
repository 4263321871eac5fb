"""The counts and the ranges of ids that they cover, in a SQLite file of the data folder.

They can always be counted again: a file that is lost, or of another store, is started afresh. Ids are stored as text,
which sorts as they do.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

from mnist_predict.errors import StoreUnavailable
from mnist_predict.stats.tally import Counts, Mistake, Tally, add
from mnist_predict.store.file_lock import try_lock
from mnist_predict.store.ids import first_id
from mnist_predict.store.sqlite.connection import patiently

Span = tuple[str, str]  # ids from the first, up to but without the second

_AGAIN = (timedelta(days=1), timedelta(days=7))  # after the end of a day: what came late is counted then
_SCHEMA = """
create table if not exists about (name text primary key, value text not null);
create table if not exists span (low text primary key, high text not null);
create table if not exists part (kept text, day text, counts text not null, primary key (kept, day));
create index if not exists part_by_day on part (day);
create table if not exists again (kept text primary key, due text not null);
create table if not exists mistake (record text, at integer, read integer, said integer, primary key (record, at));
create index if not exists mistake_by_digits on mistake (read, said, record);
"""
_TABLES = ("about", "span", "part", "again", "mistake")
_DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR)


def _advice(error: Exception, path: Path) -> str:
    """What to do about an error of the file at that path: it is the fault of its disk, or its own."""
    is_of_disk = isinstance(error, OSError) or getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK
    if is_of_disk and not path.is_dir():
        return "Make its folder writable, on a disk with free space."
    return "Remove that file: it is made anew."


class Kept:
    """The file, created with the first counts; safe for several threads and processes.

    Every method raises `StoreUnavailable` if the file cannot be used.
    """

    def __init__(self, path: Path, store: str) -> None:
        """`store`: the address of the store; counts of another one are discarded."""
        self.path = path.absolute()
        self.store = store
        self._connection: sqlite3.Connection | None = None
        self._turn = threading.Lock()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A transaction that writes; raises `StoreUnavailable` where the file cannot be used."""
        with self._turn:
            try:
                self._connection = connection = self._connection or self._connect()
                patiently(lambda: connection.execute("begin immediate"))
                yield connection
                connection.execute("commit")
            except (sqlite3.Error, OSError) as error:
                self._close()
                raise self._unusable(error) from error
            except BaseException:
                self._close()
                raise

    @contextmanager
    def counting(self) -> Iterator[bool]:
        """Whether this process, and no other, may count now; raises `StoreUnavailable` where that cannot be told."""
        with ExitStack() as stack:
            try:
                mine = stack.enter_context(try_lock(self.path))
            except OSError as error:
                raise self._unusable(error) from error
            yield mine

    def _unusable(self, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(f"The statistics in {self.path} cannot be used ({error}). {_advice(error, self.path)}")

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        patiently(lambda: connection.execute("pragma journal_mode = wal"))
        connection.execute("pragma synchronous = normal")
        if not connection.execute("select 1 from sqlite_master where name = 'mistake_by_digits'").fetchone():
            patiently(lambda: connection.executescript(f"begin immediate; {_SCHEMA} commit"))
        return connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def newest(self) -> UUID | None:
        """The newest record that was counted, which identifies the store; None if there are no counts of this store."""
        with self._open() as connection:
            about = dict(connection.execute("select name, value from about"))
            if about.get("store") != self.store:
                _clear(connection, self.store)
                return None
            return UUID(about["newest"]) if "newest" in about else None

    def clear(self) -> None:
        """Forget everything."""
        with self._open() as connection:
            _clear(connection, self.store)

    def spans(self) -> list[Span]:
        """The counted ranges of ids, newest first; no two touch."""
        with self._open() as connection:
            return _spans(connection)

    def keep(self, span: Span, counted: Tally, newest: UUID | None, now: datetime) -> None:
        """Add the counts of a range of ids that was not counted before; `newest`: its newest record."""
        with self._open() as connection:
            low, high = span
            for (kept, day), counts in counted.counts.items():
                select = "select counts from part where kept = ? and day = ?"
                found = connection.execute(select, (str(kept), str(day))).fetchone()
                whole: Counts = json.loads(found[0]) if found else {}
                add(whole, counts)
                row = (str(kept), str(day), json.dumps({name: count for name, count in whole.items() if count}))
                connection.execute("insert or replace into part values (?, ?, ?)", row)
                due = next((due for due in map(_end(kept).__add__, _AGAIN) if due > now), None)
                if due is not None:
                    connection.execute("insert or ignore into again values (?, ?)", (str(kept), due.isoformat()))
            _put_mistakes(connection, counted.mistakes)
            if newest is not None:
                larger = "insert into about values ('newest', ?) on conflict do update set value = max(value, ?)"
                connection.execute(larger, (str(newest), str(newest)))
            _put_span(connection, low, high)

    def keep_mistakes(self, mistakes: Mapping[UUID, Sequence[Mistake]]) -> None:
        """Replace the wrong digits of some records."""
        with self._open() as connection:
            _put_mistakes(connection, mistakes)

    def forget(self, records: Iterable[UUID]) -> None:
        """Delete what is stored of single records; they stay in the counts."""
        if not self.path.exists():
            return
        with self._open() as connection:
            connection.executemany("delete from mistake where record = ?", [(str(record),) for record in records])

    def forget_due(self, now: datetime) -> bool:
        """Drop the counts of a day that is due to be counted again, if there is one; returns whether there was."""
        with self._open() as connection:
            found = connection.execute("select kept from again where due <= ?", (now.isoformat(),)).fetchone()
            if found is None:
                return False
            connection.execute("delete from again where kept = ?", found)
            connection.execute("delete from part where kept = ?", found)
            end = _end(date.fromisoformat(found[0]))
            low, high = str(first_id(end - timedelta(days=1))), str(first_id(end))
            spans = list(connection.execute("select low, high from span where low < ? and high > ?", (high, low)))
            for each_low, each_high in spans:
                connection.execute("delete from span where low = ?", (each_low,))
                for rest in ((each_low, min(low, each_high)), (max(high, each_low), each_high)):
                    if rest[0] < rest[1]:
                        connection.execute("insert into span values (?, ?)", rest)
            return True

    def days(self, since: date) -> tuple[dict[date, Counts], list[Span]]:
        """The counts of each day from that one on, and the counted ranges of ids."""
        found: dict[date, Counts] = {}
        with self._open() as connection:
            for day, counts in connection.execute("select day, counts from part where day >= ?", (str(since),)):
                add(found.setdefault(date.fromisoformat(day), {}), json.loads(counts))
            return found, _spans(connection)

    def mistakes(self, read: int, said: int, since: date, limit: int) -> list[Mistake]:
        """Digits read as `read` and labelled as `said`, newest first, in records of that day and later."""
        first = str(first_id(datetime.combine(since, time(), UTC)))
        select = "select * from mistake where read = ? and said = ? and record >= ? order by record desc limit ?"
        with self._open() as connection:
            rows = connection.execute(select, (read, said, first, limit))
            return [Mistake(UUID(record), *rest) for record, *rest in rows]


def _clear(connection: sqlite3.Connection, store: str) -> None:
    for table in _TABLES:
        connection.execute(f"delete from {table}")  # noqa: S608 (a constant)
    connection.execute("insert into about values ('store', ?)", (store,))


def _spans(connection: sqlite3.Connection) -> list[Span]:
    return list(connection.execute("select low, high from span order by low desc"))


def _put_mistakes(connection: sqlite3.Connection, mistakes: Mapping[UUID, Sequence[Mistake]]) -> None:
    for record, found in mistakes.items():
        connection.execute("delete from mistake where record = ?", (str(record),))
        connection.executemany("insert into mistake values (?, ?, ?, ?)", map(_row, found))


def _put_span(connection: sqlite3.Connection, low: str, high: str) -> None:
    """Add a span; those that it touches become one with it."""
    touching = list(connection.execute("select low, high from span where low <= ? and high >= ?", (high, low)))
    connection.executemany("delete from span where low = ?", [(each,) for each, _ in touching])
    row = (min([low, *(each for each, _ in touching)]), max([high, *(each for _, each in touching)]))
    connection.execute("insert into span values (?, ?)", row)


def _end(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(days=1)


def _row(mistake: Mistake) -> tuple[str, int, int, int]:
    return str(mistake.record), mistake.at, mistake.read, mistake.said
