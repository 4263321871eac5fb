"""Group commit: writes that wait together share one transaction, so one fsync serves them all.

There is no writer thread. The first thread to come leads: it begins a transaction, runs every write that has
gathered meanwhile, commits, and hands the lead to one of those that came too late (the leader/followers
pattern of Schmidt et al., 2000). A lone writer thus never switches threads.
"""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from mnist_predict.errors import StoreUnavailable, UserError
from mnist_predict.store.sqlite.connection import Connection, close, connect, explain, is_current, patiently

T = TypeVar("T")


class _Write:
    __slots__ = ("done", "error", "result", "wake", "work")

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.wake = threading.Lock()  # held until the write is done, or its thread is to lead
        self.wake.acquire()
        self.done = False
        self.result: Any = None
        self.error: Exception | None = StoreUnavailable("The write was interrupted. Try again.")


class Writer:
    """The one connection of this process that writes to a file, shared by its threads.

    `let_go`: closes the process's other connections to it, where somebody has removed the file or its log.
    """

    def __init__(self, path: Path, let_go: Callable[[], None]) -> None:
        self._path = path
        self._let_go = let_go
        self._connection: Connection | None = None
        self._mutex = threading.Condition()  # guards the three below
        self._waiting: list[_Write] = []
        self._led = False
        self._closed = False

    def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, once what it wrote is durable.

        `work` may be run again after a failed commit. An error it raises fails it alone, so it raises before
        it writes. Raises `StoreUnavailable` when nothing could be kept.
        """
        write = _Write(work)
        with self._mutex:
            if self._closed:
                raise StoreUnavailable("The store is closed. Try again when the service has started anew.")
            self._waiting.append(write)
            leads = not self._led
            self._led = True
        if not leads:
            write.wake.acquire()
        if not write.done:
            self._lead()
        if write.error is not None:
            raise write.error
        result: T = write.result
        return result

    def waiting(self) -> int:
        """How many writes wait for the next commit."""
        with self._mutex:
            return len(self._waiting)

    def close(self) -> None:
        """Finish the writes that were begun, take no more, and let go of the file."""
        with self._mutex:
            self._closed = True
            while self._led:
                self._mutex.wait()
        self._drop()

    def _lead(self) -> None:
        group: list[_Write] = []
        try:
            try:
                self._begin()
            except (sqlite3.Error, OSError, StoreUnavailable) as error:
                self._drop()
                group = self._gather()
                self._fail(group, error)
            else:
                group = self._gather()
                if not self._commit(group) and len(group) > 1:
                    # One may be to blame (a picture that the disk has no room for): each gets its own chance.
                    for write in group:
                        self._commit([write])
        except BaseException:
            self._drop()
            raise
        finally:
            with self._mutex:
                heir = self._waiting[0] if self._waiting else None
                self._led = heir is not None
                self._mutex.notify_all()
            for write in group:
                write.done = True
                write.wake.release()
            if heir is not None:
                heir.wake.release()

    def _gather(self) -> list[_Write]:
        with self._mutex:
            group, self._waiting = self._waiting, []
        return group

    def _begin(self) -> Connection:
        if self._connection is not None and not is_current(self._connection, self._path):
            self._drop()
            self._let_go()
        if self._connection is None:
            self._connection = connect(self._path)
        connection = self._connection
        if not connection.in_transaction:
            patiently(lambda: connection.execute("begin immediate"))
        return connection

    def _commit(self, group: list[_Write]) -> bool:
        try:
            connection = self._begin()
            outcomes = [_outcome(write, connection) for write in group]
            connection.execute("commit")
            if not is_current(connection, self._path):
                raise StoreUnavailable(f"{self._path} or its log was removed meanwhile. Try again.")
        except (sqlite3.Error, OSError, StoreUnavailable) as error:
            self._drop()  # the next attempt opens the file anew, so it sees what has been mended
            self._fail(group, error)
            return False
        for write, outcome in zip(group, outcomes, strict=True):
            write.result, write.error = outcome
        return True

    def _fail(self, group: list[_Write], error: Exception) -> None:
        for write in group:
            write.error = explain(error, self._path)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            close(connection, self._path)


def _outcome(write: _Write, connection: Connection) -> tuple[Any, Exception | None]:
    try:
        return write.work(connection), None
    except (UserError, ValueError) as error:
        return None, error
