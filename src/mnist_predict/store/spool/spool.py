"""The spool: a SQLite store for what waits until the store is back; it gives records away again, and has a limit."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from mnist_predict.errors import StoreUnavailable
from mnist_predict.settings import Settings
from mnist_predict.store.durability import DURABLE, Durability
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.spool import unsynced
from mnist_predict.store.sqlite import erase as erasing
from mnist_predict.store.sqlite.connection import Connection, connect
from mnist_predict.store.sqlite.store import SAME, SqliteStore, check_same, from_row

MEGABYTE = 1_000_000
_ROW = 16_384  # bytes of a record, its index entries and what whole pages round up
_ROOM = 120_000  # bytes that an upload may need; with less to spare, the spool is called full
_USED = (
    "select (page_count - freelist_count) * page_size from pragma_page_count, pragma_freelist_count, pragma_page_size"
)


class Spool(SqliteStore):
    """A SQLite store of at most `megabytes`; its file is made when the first record needs it."""

    def __init__(self, path: Path, megabytes: int) -> None:
        super().__init__(path)
        self.limit = megabytes * MEGABYTE

    def with_key(self, record: Record) -> Record | None:
        """The record that waits under the id or the key of this one.

        Raises `KeyReused` where it is another upload, `Gone` where it was erased while it waited.
        """
        erasing.refuse(self._read(erasing.BARRED, *erasing.barred_by(record)))
        found = self._read(SAME, str(record.id), record.key or "", str(record.id))
        if not found:
            return None
        kept = from_row(found[0])
        check_same(kept, record)
        return kept

    def waiting(self) -> int:
        """How many records and erasures wait for the store."""
        found = self._read(f"select (select count(*) from record) + ({unsynced.ERASURES_WAITING})")  # noqa: S608
        return found[0][0] if found else 0

    def count(self) -> int:
        """How many records wait."""
        return super().count() if self.path.exists() else 0

    def unsynced(self) -> int:
        """How many records and erasures are in the store and are kept until it has them on its disks."""
        found = self._read(unsynced.COUNT)
        return found[0][0] if found else 0

    def unsynced_record(self, record_id: UUID) -> Record | None:
        """One of these records."""
        found = self._read(unsynced.RECORD, str(record_id))
        return from_row(found[0]) if found else None

    def unsynced_picture(self, sha256: str) -> bytes | None:
        """The picture of one of these records."""
        found = self._read(unsynced.PICTURE, sha256)
        return found[0][0] if found else None

    def bytes_used(self) -> int:
        """How much of its limit is used."""
        found = self._read(_USED)
        return found[0][0] if found else 0

    def oldest(self, after: UUID, limit: int) -> list[Record]:
        """Records of ids greater than `after`, the oldest first."""
        return self._records("where id > ? order by id limit ?", str(after), limit)

    def waiting_erasures(self) -> list[Erasure]:
        """What is to be erased in the store again, the oldest first."""
        return [unsynced.erasure_of(row) for row in self._read(unsynced.WAITING_ERASURES)]

    def remove(self, records: Sequence[Record], durability: Durability = DURABLE) -> None:
        """Give up records that are kept elsewhere, and the pictures that no other record here names.

        Where that is not durable yet, they are kept as what the store has acknowledged.
        """
        ids = [str(record.id) for record in records]
        pictures = [(record.sha256,) for record in records if record.sha256]

        def give_up(connection: Connection) -> None:
            if durability.sync_period:
                unsynced.keep_moved(connection, ids, durability.epoch)
            connection.executemany("delete from record where id = ?", [(each,) for each in ids])
            connection.executemany(erasing.UNUSED, pictures)

        self._write(give_up)

    def keep_unsynced(self, record: Record, picture: bytes | None, epoch: str) -> None:
        """Keep what the store has acknowledged. Raises `Gone` where it was erased meanwhile."""

        def keep(connection: Connection) -> None:
            erasing.refuse_erased(connection, record)
            if connection.execute(_USED).fetchone()[0] + len(picture or b"") + _ROW > self.limit:
                raise self._full()
            unsynced.keep(connection, record, picture, epoch)

        self._write(keep)

    def erase(self, erasure: Erasure, durability: Durability = DURABLE) -> Erasure:
        """Erase these records for good; see `Store.erase`. `durability`: that of having erased them in the store."""

        def erase(connection: Connection) -> Erasure:
            done = erasing.erase(connection, erasure)
            unsynced.forget(connection, done)
            unsynced.keep_erasure(connection, done, durability)
            return done

        return self._erase(erase)

    def keep_erasure(self, erasure: Erasure, durability: Durability) -> None:
        """Keep what was erased in the store again until that is durable there."""
        self._write(lambda connection: unsynced.keep_erasure(connection, erasure, durability))

    def wait_again(self) -> None:
        """Have all that the store has acknowledged and that may not be on its disks wait for it again."""
        if self.unsynced():
            self._write(unsynced.wait_again)

    def settle(self, durability: Durability, looked: float) -> None:
        """Drop what the store has on its disks, have wait again what it may have lost; see `unsynced.settle`."""
        values = durability.epoch, looked - unsynced.patience(durability), time.monotonic()
        if self._read(unsynced.TO_SETTLE, *values)[0][0]:
            self._write(lambda connection: unsynced.settle(connection, durability, looked))

    def shrink(self) -> None:
        """Give the disk its space back. Raises `sqlite3.Error` or `OSError` where another process is writing."""
        connection = connect(self.path)
        try:
            connection.execute("vacuum")
            connection.execute("pragma wal_checkpoint(truncate)")
        finally:
            connection.close()

    def check_writable(self) -> None:
        """Raise `StoreUnavailable` unless an upload could be kept now."""
        super().check_writable()
        if self.bytes_used() + _ROOM > self.limit:
            raise self._full()

    def _make_room(self, connection: Connection, record: Record, picture: bytes | None) -> None:
        unsynced.wait_again(connection)  # the store is away: among them may be what this is a retry of
        used = connection.execute(_USED).fetchone()[0]
        if used + len(picture or b"") + _ROW <= self.limit:
            return
        if not connection.execute(SAME, (str(record.id), record.key, str(record.id))).fetchone():
            raise self._full()

    def _full(self) -> StoreUnavailable:
        return StoreUnavailable(
            f"The spool {self.path} is full: {self.limit // MEGABYTE} MB wait for the store. "
            "Start it if it does not run, or raise MNIST_PREDICT_SPOOL_MB."
        )

    def _read(self, sql: str, *values: str | float | None) -> list[Any]:
        # Reading makes no file: most services never need one.
        return super()._read(sql, *values) if self.path.exists() else []


def open_spool(settings: Settings) -> Spool:
    """The spool of a data folder, shared by all processes of its services."""
    return Spool(Path(settings.data) / "spool.sqlite", settings.spool_mb)


@dataclass(frozen=True)
class Batch:
    """Some records of a spool, the oldest first, as something to copy from."""

    spool: Spool
    records: list[Record]

    def page(self, before: UUID | None = None, limit: int = 50) -> list[Record]:
        """See `Store.page`."""
        return [record for record in reversed(self.records) if before is None or record.id < before][:limit]

    def picture(self, sha256: str) -> bytes | None:
        """See `Store.picture`."""
        return self.spool.picture(sha256)

    def merged(self) -> Iterator[tuple[UUID, UUID]]:
        """See `Store.merged`."""
        return iter(())

    def erasures(self) -> Iterator[Erasure]:
        """See `Store.erasures`; what was erased in a spool was erased in its store before."""
        return iter(())
