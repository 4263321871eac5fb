"""One SQLite file: opening it, bringing its schema up to date, telling in plain words what is wrong."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mnist_predict.errors import StoreUnavailable
from mnist_predict.store.migrations import missing
from mnist_predict.store.reasons import needs_review

T = TypeVar("T")

_WORDS = "The store cannot be used. {}"
_READ_ONLY = "{} cannot be written. Make the file, its folder and its disk writable."
PATIENCE = 10.0  # seconds to wait for another process that is writing


class Connection(sqlite3.Connection):
    """A connection that knows which files it opened."""

    inodes: tuple[int, ...] = ()


def connect(path: Path) -> Connection:
    """An open connection in autocommit mode, with the newest schema; the file and its folder are created.

    May be used by any thread, one at a time. Raises `sqlite3.Error`, `OSError` or `StoreUnavailable`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not os.access(path, os.W_OK):
        # SQLite would open it for reading, and all connections that this process opens as long as that one is open
        # share its fate, though the disk may long be writable again.
        raise StoreUnavailable(_WORDS.format(_READ_ONLY.format(path)))
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False, factory=Connection)
    try:
        # No busy timeout before this is done: two processes that both hold a shared lock while they turn
        # a new file to WAL would only wait for each other.
        patiently(lambda: connection.execute("pragma journal_mode = wal"))
        connection.execute("pragma synchronous = full")
        connection.execute("pragma journal_size_limit = 67108864")
        connection.execute("pragma secure_delete = on")  # what is erased is overwritten, not only forgotten
        _migrate(connection)
        connection.inodes = _, log, index = _inodes(path)
        if log and not index:  # all connections of a process share its index, which was removed under an older one
            raise StoreUnavailable(_WORDS.format(f"The log of {path} was removed. Try again."))
    except BaseException:
        connection.close()
        raise
    return connection


def is_current(connection: Connection, path: Path) -> bool:
    """Whether the connection's files are still those at `path`: what is written to a removed one is lost.

    That costs three calls of the system, some microseconds.
    """
    return connection.inodes == _inodes(path)


def close(connection: Connection, path: Path) -> None:
    """Let go of the file, with what was committed to its log, should somebody have removed that."""
    rollback(connection)
    file, log, _ = _inodes(path)
    with contextlib.suppress(sqlite3.Error):
        if file == connection.inodes[0] and not log:
            connection.execute("pragma wal_checkpoint")
        connection.close()


def _inodes(path: Path) -> tuple[int, ...]:
    """Of the file, its log and the index of that (https://sqlite.org/walformat.html); 0 for one that is not there."""
    return tuple(_inode(f"{path}{ending}") for ending in ("", "-wal", "-shm"))


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino  # noqa: PTH116 (half the time of Path.stat)
    except FileNotFoundError:
        return 0


def patiently(action: Callable[[], T]) -> T:
    """Repeat an action while another process holds the file, for `PATIENCE` seconds at most.

    SQLite's own busy handler sleeps up to 100 ms between its attempts; a commit takes about one.
    """
    give_up = time.monotonic() + PATIENCE
    pause = 0.0002
    while True:
        try:
            return action()
        except sqlite3.OperationalError as error:
            if _code(error) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or time.monotonic() > give_up:
                raise
        time.sleep(pause)
        pause = min(pause * 1.5, 0.005)


def _migrate(connection: Connection) -> None:
    # Another process may be turning a new file to WAL at this moment.
    if not missing("sqlite", patiently(lambda: _version(connection))):
        return
    connection.create_function("needs_review", 2, needs_review, deterministic=True)
    patiently(lambda: connection.execute("begin immediate"))
    try:
        # Asked again, now that no other process can be migrating.
        for step in missing("sqlite", _version(connection)):
            statement = ""
            for line in step.script.splitlines(keepends=True):
                statement += line
                if sqlite3.complete_statement(statement):
                    connection.execute(statement)
                    statement = ""
            connection.execute(
                "insert into migration values (?, ?, strftime('%Y-%m-%dT%H:%M:%SZ'))",
                (step.version, step.name),
            )
        connection.execute("commit")
    finally:
        rollback(connection)


def _version(connection: Connection) -> int:
    if not connection.execute("select 1 from sqlite_master where name = 'migration'").fetchone():
        if not connection.in_transaction:
            return 0
        connection.execute("create table migration (version integer primary key, name text, applied text)")
    return int(connection.execute("select coalesce(max(version), 0) from migration").fetchone()[0])


def rollback(connection: Connection) -> None:
    """End a transaction that did not reach its commit, if there is one."""
    with contextlib.suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("rollback")


def explain(error: Exception, path: Path) -> StoreUnavailable:
    """The same error in words that say what to do; nothing was kept."""
    if isinstance(error, StoreUnavailable):
        return error
    known = {
        sqlite3.SQLITE_READONLY: _READ_ONLY,
        sqlite3.SQLITE_FULL: "The disk of {} is full. Free some space on it, then try again.",
        sqlite3.SQLITE_CANTOPEN: "{} cannot be opened. Make its folder writable, or name another.",
        sqlite3.SQLITE_BUSY: "{} is locked by another program. End that program, then try again.",
        sqlite3.SQLITE_CORRUPT: "{} is damaged. Put it aside and restore a backup, or name another file.",
        sqlite3.SQLITE_NOTADB: "{} is not a store. Put it aside and restore a backup, or name another file.",
        sqlite3.SQLITE_IOERR: "The disk of {} fails or is full. Free some space on it, or mend it.",
    }
    says = known.get(_code(error), "{} cannot be used ({}). Mend that, or name another file.")
    return StoreUnavailable(_WORDS.format(says.format(path, error)))


def _code(error: Exception) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte of an extended code is its kind
