"""Thumbnails: small previews of pictures, made once and kept on this machine.

They are kept in a SQLite file of the data folder, which all workers share, and which may be thrown away at any time. It
holds a bounded number: beyond that the oldest gives way, and is made again when somebody wants to see it. Where the
file cannot be used, each thumbnail is made anew.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from mnist_predict.errors import StoreUnavailable
from mnist_predict.settings import Settings

MOST = 50_000  # of about 4 kB each
_PATIENCE = 2.0  # seconds to wait for another worker that is writing

T = TypeVar("T")

log = logging.getLogger("mnist_predict.store")


class Thumbnails:
    """Previews by record and page; thread-safe. Records are their key so that an erasure's ids find them."""

    def __init__(self, path: Path, most: int = MOST) -> None:
        self.path = path
        self.most = most
        self._connection: sqlite3.Connection | None = None
        self._turn = threading.Lock()

    def get(self, record_id: UUID, page: int) -> bytes | None:
        """The thumbnail that is kept."""
        try:
            kept = self._do(lambda file: file.execute(_GET, (str(record_id), page)).fetchone())
        except (sqlite3.Error, OSError) as error:
            log.warning("The thumbnails in %s cannot be used: %s", self.path, error)
            return None
        return kept[0] if kept else None

    def put(self, record_id: UUID, page: int, jpeg: bytes) -> None:
        """Keep a thumbnail, unless the file cannot be used."""
        try:
            self._do(lambda file: _put(file, (str(record_id), page, jpeg), self.most))
        except (sqlite3.Error, OSError) as error:
            log.warning("A thumbnail cannot be kept in %s: %s", self.path, error)

    def drop(self, record_ids: Iterable[UUID]) -> None:
        """Forget all thumbnails of these records, and leave no trace of them in the file.

        Raises `StoreUnavailable`.
        """
        if not self.path.exists():
            return
        ids = [(str(record_id),) for record_id in record_ids]
        try:
            self._do(lambda file: _drop(file, ids))
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"The thumbnails in {self.path} cannot be changed ({error}). Mend that.") from error

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _do(self, action: Callable[[sqlite3.Connection], T]) -> T:
        with self._turn:
            if self._connection is None:
                self._connection = self._open()
            return action(self._connection)

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = off")  # what is lost is made again
            connection.execute("pragma secure_delete = on")
            connection.execute("drop table if exists thumbnail")  # of versions before: by hash, which no erasure tells
            connection.execute(_TABLE)
        except BaseException:
            connection.close()
            raise
        return connection


_TABLE = """create table if not exists preview (
    place integer primary key,
    record text not null,
    page integer not null,
    jpeg blob not null,
    unique (record, page)
)"""
_GET = "select jpeg from preview where record = ? and page = ?"
_PUT = "insert into preview (record, page, jpeg) values (?, ?, ?) on conflict do nothing"


def _put(file: sqlite3.Connection, row: tuple[str, int, bytes], most: int) -> None:
    place = file.execute(_PUT, row).lastrowid or 0
    file.execute("delete from preview where place <= ?", (place - most,))


def _drop(file: sqlite3.Connection, ids: list[tuple[str]]) -> None:
    if file.executemany("delete from preview where record = ?", ids).rowcount > 0:
        file.execute("pragma wal_checkpoint(truncate)")


def open_thumbnails(settings: Settings) -> Thumbnails:
    """The thumbnails of a data folder; the file is made with the first of them."""
    return Thumbnails(Path(settings.data) / "thumbnails.sqlite")
