"""The spool: a SQLite store for what waits until the store is back; it gives records away again, and has a limit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from mnist_predict.errors import StoreUnavailable
from mnist_predict.settings import Settings
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.sqlite import erase as erasing
from mnist_predict.store.sqlite.connection import Connection, connect
from mnist_predict.store.sqlite.store import SAME, SqliteStore, check_same, from_row

MEGABYTE = 1_000_000
_ROOM = 100_000  # bytes that an upload may need; with less to spare, the spool is called full
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
        """How many records wait."""
        found = self._read("select count(*) from record")
        return found[0][0] if found else 0

    def bytes_used(self) -> int:
        """How much of its limit is used."""
        found = self._read(_USED)
        return found[0][0] if found else 0

    def oldest(self, after: UUID, limit: int) -> list[Record]:
        """Records of ids greater than `after`, the oldest first."""
        return self._records("where id > ? order by id limit ?", str(after), limit)

    def remove(self, records: Sequence[Record]) -> None:
        """Give up records that are kept elsewhere, and the pictures that no other record here names."""
        ids = [(str(record.id),) for record in records]
        pictures = [(record.sha256,) for record in records if record.sha256]

        def give_up(connection: Connection) -> None:
            connection.executemany("delete from record where id = ?", ids)
            connection.executemany(erasing.UNUSED, pictures)

        self._of_this_process()._writer.run(give_up)

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
        used = connection.execute(_USED).fetchone()[0]
        if used + len(picture or b"") <= self.limit:
            return
        if not connection.execute(SAME, (str(record.id), record.key, str(record.id))).fetchone():
            raise self._full()

    def _full(self) -> StoreUnavailable:
        return StoreUnavailable(
            f"The spool {self.path} is full: {self.limit // MEGABYTE} MB wait for the store to come back. "
            "Start the store, or raise MNIST_PREDICT_SPOOL_MB."
        )

    def _read(self, sql: str, *values: str | int | None) -> list[Any]:
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
