"""Reading the archive again: kept pictures read by another version, its readings kept beside the old, never over them.

They lie in a file of the data folder, one for each version: nothing of a store is changed. Broken off, it goes on where
it was. What is erased in the store is taken out of the file whenever it is opened.
"""

import json
import multiprocessing as mp
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from mnist_predict.errors import UserError
from mnist_predict.models.registry import Version
from mnist_predict.reading import Reading
from mnist_predict.store.ids import first_id
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record
from mnist_predict.vision.recognizer import Recognizer, open_recognizer

TOGETHER = 16  # pictures that a process reads at a time
WINDOW = 3  # such parcels under way for each process: what bounds the memory
PAGE = 500  # records
_SCHEMA = """
create table if not exists reading (
  id text primary key not null,
  was text not null,            -- as it is written, by the version that read it when it was uploaded
  now text not null,
  confidence real not null,
  reading text not null         -- JSON, the new one
) without rowid;
"""

Progress = Callable[[int], None]  # told how many more records were looked at


@dataclass(frozen=True, slots=True)
class Difference:
    """What another version reads otherwise: of how many pictures, how many differ, from what to what and how often, and
    the ids of some that differ."""

    read: int
    changed: int
    changes: list[tuple[str, str, int]]
    sample: list[str]


class Replay:
    """The readings of one version, in a file."""

    def __init__(self, path: Path, store: Store) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.store = store
        self._file = sqlite3.connect(path)
        self._file.executescript(_SCHEMA)
        gone = ((str(one),) for erasure in store.erasures() for one in erasure.records)
        with self._file:
            self._file.executemany("delete from reading where id = ?", gone)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def run(self, version: Version, since: datetime | None, progress: Progress = lambda _: None) -> None:
        """Read every uploaded picture kept since then, newest first, on all cores. Raises `StoreUnavailable`."""
        first = str(first_id(since)) if since else str(UUID(int=0))
        cores = os.cpu_count() or 1
        under_way: deque[tuple[list[Record], Future[list[str]]]] = deque()
        with ProcessPoolExecutor(cores, mp.get_context("spawn"), _open, (str(version.folder),)) as pool:
            for records in self._parcels(first, progress):
                parcel = [self.store.picture(one.sha256 or "") or b"" for one in records]
                under_way.append((records, pool.submit(_read, parcel)))
                if len(under_way) >= WINDOW * cores:
                    self._keep(*under_way.popleft())
            while under_way:
                self._keep(*under_way.popleft())

    def difference(self, most: int = 10) -> Difference:
        """What the version reads otherwise than the versions before."""
        read, changed = self._file.execute("select count(*), coalesce(sum(was <> now), 0) from reading").fetchone()
        pairs = "select was, now, count(*) from reading where was <> now group by 1, 2 order by 3 desc, 1, 2 limit ?"
        changes = self._file.execute(pairs, (most,)).fetchall()
        some = self._file.execute("select id from reading where was <> now order by random() limit ?", (most,))
        return Difference(read, changed, changes, [row[0] for row in some])

    def _parcels(self, first: str, progress: Progress) -> Iterator[list[Record]]:
        """The uploads to read, newest first, apart from those that were read already."""
        parcel: list[Record] = []
        before: UUID | None = None
        while page := self.store.page(before, PAGE):
            for record in page:
                if str(record.id) < first:
                    break
                if record.source == "upload" and record.sha256 and not self._has(record):
                    parcel.append(record)
                    if len(parcel) == TOGETHER:
                        yield parcel
                        parcel = []
            progress(len(page))
            before = page[-1].id
            if str(before) < first:
                break
        if parcel:
            yield parcel

    def _has(self, record: Record) -> bool:
        return self._file.execute("select 1 from reading where id = ?", (str(record.id),)).fetchone() is not None

    def _keep(self, records: list[Record], future: Future[list[str]]) -> None:
        rows = []
        for record, told in zip(records, future.result(), strict=True):
            new = Reading.from_dict(json.loads(told))
            rows.append((str(record.id), record.written, new.written, new.confidence, told))
        with self._file:
            self._file.executemany("insert or replace into reading values (?, ?, ?, ?, ?)", rows)


_readers: list[Recognizer] = []  # of a worker process


def _open(folder: str) -> None:
    _readers[:] = [open_recognizer(folder)]


def _read(parcel: list[bytes]) -> list[str]:
    found = []
    for data in parcel:
        try:
            reading = _readers[0].read(data)
        except UserError as error:
            reading = Reading((), None, (str(error),), _readers[0].model_version)
        found.append(json.dumps(reading.to_dict(), separators=(",", ":")))
    return found
