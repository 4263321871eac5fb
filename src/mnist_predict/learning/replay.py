"""Reading the archive again: kept pictures read by another version, its readings kept beside the old, never over them.

They lie in a file of the data folder, one for each version: nothing of a store is changed. Broken off, it goes on where
it was. What is erased in the store is taken out of the file whenever it is opened.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from uuid import UUID

from mnist_predict.beside import Beside, Row
from mnist_predict.learning import readers
from mnist_predict.models.registry import Version
from mnist_predict.reading_process import reread
from mnist_predict.store.ids import first_id
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record

TOGETHER = 16  # pictures that a process reads at a time, or fewer
MOST = 8_000_000  # of so many bytes
WINDOW = 3  # such parcels under way for each process: what bounds the memory
PAGE = 500  # records

Progress = Callable[[int], None]  # told how many more records were looked at
Reread = tuple[str, float, str]  # what was read as it is written, its confidence, the reading as JSON


class Replay:
    """A version reads the archive of a store; its readings are kept beside, in the data folder."""

    def __init__(self, data: Path, version: Version, store: Store) -> None:
        self.store = store
        self.version = version
        self.beside = Beside(data, version.name)
        self.beside.forget(one for erasure in store.erasures() for one in erasure.records)

    def close(self) -> None:
        """Let go of the file."""
        self.beside.close()

    def total(self, since: datetime | None) -> int | None:
        """How many records there are to look at; None where it is not known. Raises `StoreUnavailable`."""
        return self.store.count() if since is None else None

    def run(self, since: datetime | None, progress: Progress = lambda _: None) -> None:
        """Read every uploaded picture kept since then, newest first, on all cores. Raises `StoreUnavailable`."""
        first = str(first_id(since)) if since else str(UUID(int=0))
        under_way: deque[tuple[list[Record], Future[list[Reread]]]] = deque()
        with readers.reading_processes(self.version) as pool:
            for records, pictures in self._parcels(first, progress):
                under_way.append((records, pool.submit(_read, pictures)))
                if len(under_way) >= WINDOW * readers.CORES:
                    self._keep_read(*under_way.popleft())
            while under_way:
                self._keep_read(*under_way.popleft())

    def _parcels(self, first: str, progress: Progress) -> Iterator[tuple[list[Record], list[bytes]]]:
        """The uploads to read with their pictures, newest first, apart from those that were read already."""
        records: list[Record] = []
        pictures: list[bytes] = []
        for record in self._unread(first, progress):
            records.append(record)
            pictures.append(self.store.picture(record.sha256 or "") or b"")
            if len(records) == TOGETHER or sum(map(len, pictures)) > MOST:
                yield records, pictures
                records, pictures = [], []
        if records:
            yield records, pictures

    def _unread(self, first: str, progress: Progress) -> Iterator[Record]:
        before: UUID | None = None
        while page := self.store.page(before, PAGE):
            for record in page:
                if str(record.id) < first:
                    return
                if record.source == "upload" and record.sha256 and not self.beside.has(record.id):
                    yield record
                progress(1)
            before = page[-1].id

    def _keep_read(self, records: list[Record], future: Future[list[Reread]]) -> None:
        together = zip(records, future.result(), strict=True)
        self.keep([(str(record.id), record.written, *reread) for record, reread in together])

    def keep(self, rows: Sequence[Row]) -> None:
        """Keep what was read, but for what was erased meanwhile; repeated, it changes nothing."""
        self.beside.keep(rows)
        # Asked only now: who erases forgets these readings last, so one of the two sees the other.
        self.beside.forget(self.store.erased([UUID(row[0]) for row in rows]))


def _read(parcel: list[bytes]) -> list[Reread]:
    found = []
    for data in parcel:
        reading = reread(readers.opened[0], data)
        found.append((reading.written, reading.confidence, reading.json))
    return found
