"""Sessions that were ended: a cookie that somebody kept a copy of is worth nothing once its owner has signed out.

The cookie itself says who signed in, and is signed. So only the ids of ended sessions are kept, in a file of the data
folder which all workers share, and no longer than the cookies would last.
"""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from mnist_predict.errors import StoreUnavailable

_TABLE = "create table if not exists ended (session text primary key, until real not null) without rowid"


class EndedSessions:
    """The ended sessions of a service; `seconds`: how long a cookie lasts. Raises `StoreUnavailable` for its file."""

    def __init__(self, file: Path, seconds: float) -> None:
        self._file = file.absolute()
        self._seconds = seconds

    def end(self, session: str) -> None:
        """End a session for good."""
        now = time.time()
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._file, timeout=10)) as connection, connection:
                connection.execute(_TABLE)
                connection.execute("delete from ended where until < ?", (now,))
                connection.execute("insert or replace into ended values (?, ?)", (session, now + self._seconds))
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"The session could not be ended: {self._file} cannot be written.") from error

    def is_ended(self, session: str) -> bool:
        """Whether a session was ended."""
        if not self._file.exists():
            return False
        try:
            with closing(sqlite3.connect(self._file, timeout=10)) as connection:
                found = connection.execute("select 1 from ended where session = ?", (session,)).fetchone()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"Nobody can be let in by cookie: {self._file} cannot be read.") from error
        return found is not None
