"""Readings of another version, kept beside those that were answered: a SQLite file a version in the data folder.

`replay` fills it from the archive, a candidate that shadows the champion from live uploads. The store is not changed.
"""

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from mnist_predict.reading import Reading, digits_of
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record
from mnist_predict.written import agrees

NEWEST = 2_000  # readings of which it is asked who was right
_AT_ONCE = 200
_SCHEMA = """
create table if not exists reading (
  id text primary key not null,
  was text not null,            -- as it is written, by the version that read it when it was uploaded
  now text not null,
  confidence real not null,
  reading text not null         -- JSON, the new one
) without rowid;
"""

log = logging.getLogger("mnist_predict.store")

Row = tuple[str, str, str, float, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """What another version reads differently: of how many pictures, how many differ, from what to what and how often,
    and the ids of some that differ."""

    read: int
    changed: int
    changes: list[tuple[str, str, int]]
    sample: list[str]


@dataclass(frozen=True, slots=True)
class Judged:
    """Of how many pictures people know the number, and how many of them each version read right."""

    labelled: int
    before: int
    now: int


class Beside:
    """The readings of one version; for one thread. Other threads and processes may have the same file open."""

    def __init__(self, data: Path | str, version: str) -> None:
        folder = Path(data) / "replays"
        folder.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(folder / f"{version}.sqlite", timeout=30)
        self._file.execute("pragma journal_mode = wal")
        self._file.execute("pragma synchronous = normal")  # what a power cut takes is read again
        self._file.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def keep(self, rows: Iterable[Row]) -> None:
        """Keep rows as `row_of` makes them; repeated, it changes nothing."""
        with self._file:
            self._file.executemany("insert or replace into reading values (?, ?, ?, ?, ?)", rows)

    def has(self, record_id: UUID) -> bool:
        """Whether the picture of that record was read."""
        return self._file.execute("select 1 from reading where id = ?", (str(record_id),)).fetchone() is not None

    def between(self, first: UUID, end: UUID) -> list[str]:
        """The ids of the readings from one id to another, which is not among them."""
        found = self._file.execute("select id from reading where id >= ? and id < ?", (str(first), str(end)))
        return [row[0] for row in found]

    def forget(self, erased: Iterable[UUID]) -> None:
        """Drop the readings of records that were erased."""
        with self._file:
            self._file.executemany("delete from reading where id = ?", ((str(each),) for each in erased))

    def difference(self, most: int = 10) -> Difference:
        """What the version reads differently from the versions before."""
        read, changed = self._file.execute("select count(*), coalesce(sum(was <> now), 0) from reading").fetchone()
        pairs = "select was, now, count(*) from reading where was <> now group by 1, 2 order by 3 desc, 1, 2 limit ?"
        changes = self._file.execute(pairs, (most,)).fetchall()
        some = self._file.execute("select id from reading where was <> now order by random() limit ?", (most,))
        return Difference(read, changed, changes, [row[0] for row in some])

    def judged(self, store: Store) -> Judged:
        """Who was right about the newest `NEWEST` that people labelled. Raises `StoreUnavailable`."""
        rows = self._file.execute("select id, was, now from reading order by id desc limit ?", (NEWEST,)).fetchall()
        labelled = before = now = 0
        for some in (rows[at : at + _AT_ONCE] for at in range(0, len(rows), _AT_ONCE)):
            labels = store.newest_labels([UUID(row[0]) for row in some])
            for record_id, was, is_now in some:
                if (label := labels.get(UUID(record_id))) is not None:
                    labelled += 1
                    before += agrees(label.written, digits_of(was), was)
                    now += agrees(label.written, digits_of(is_now), is_now)
        return Judged(labelled, before, now)


def row_of(record: Record, reading: Reading) -> Row:
    """A row of the file: what another version reads in the picture of a record."""
    return str(record.id), record.written, reading.written, reading.confidence, reading.json


def versions_beside(data: Path | str) -> list[str]:
    """The versions that have readings there."""
    return sorted(path.stem for path in (Path(data) / "replays").glob("*.sqlite"))


def forget_beside(data: Path | str, erased: Sequence[UUID]) -> None:
    """Drop what every version read in records that were erased."""
    for version in versions_beside(data) if erased else []:
        try:
            with closing(Beside(data, version)) as beside:
                beside.forget(erased)
        except (sqlite3.Error, OSError) as error:  # what was asked for is done; this is tried again with the next start
            log.warning("What %s read in pictures that were erased cannot be dropped: %s", version, error)
