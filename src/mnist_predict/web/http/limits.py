"""How much one client may ask: pictures and wrong tokens a minute, counted over all worker processes; and how many
requests it may have under way in one of them.

The server waits for a body however slowly it comes, and holds a thread meanwhile. So no client gets more than half of
the threads that may wait, and pages have some of their own.
"""

import sqlite3
import threading
from collections import Counter
from time import monotonic

from flask import current_app, g, request

from mnist_predict.errors import TooMany
from mnist_predict.web.http.routes import route_of

_AT_ONCE = 56  # requests that are being sent or worked on; the server has 64 threads, and the pages want some
_OF_ONE = 28  # of them those of one client
_MINUTE = 60.0

_TABLE = """create table if not exists allowance (
    name text, client text, remaining real, at real, primary key (name, client)) without rowid"""
_SPEND = """insert into allowance values (:name, :client, :most - 1, :now) on conflict do update set
    remaining = min(:most, remaining + (:now - at) * :most / 60) - 1, at = :now"""

# Who has all of it again; after a zip of many pictures that is later than in a minute.
_FORGET = "delete from allowance where name = :name and remaining + (:now - at) * :most / 60 >= :most"


class Allowance:
    """At most so many a minute for each client, refilled as time goes by (a token bucket).

    `file`: a SQLite file that all workers share; it need not outlive them.
    """

    def __init__(self, name: str, most: int, file: str) -> None:
        self._name = name
        self._most = most
        self._lock = threading.Lock()
        self._counts = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
        self._counts.execute("pragma synchronous = off")
        self._counts.execute(_TABLE)

    def check(self, client: str, words: str) -> None:
        """Raise `TooMany` where the client has none left."""
        with self._lock:
            select = "select remaining, at from allowance where name = ? and client = ?"
            found = self._counts.execute(select, (self._name, client)).fetchone()
        if found is None:
            return
        remaining = found[0] + (monotonic() - found[1]) * self._most / _MINUTE
        if remaining < 1:
            raise TooMany(words, int((1 - remaining) * _MINUTE / self._most) + 1)

    def spend(self, client: str) -> None:
        """One less for the client."""
        now = monotonic()  # the same clock in all processes of a machine
        with self._lock:
            self._counts.execute(_SPEND, {"name": self._name, "client": client, "most": self._most, "now": now})
            self._counts.execute(_FORGET, {"name": self._name, "most": self._most, "now": now})


class Limits:
    """What is taken; `rate`: pictures a client may send in a minute, 0: as many as it likes."""

    def __init__(self, rate: int, file: str) -> None:
        self.rate = Allowance("pictures", rate, file) if rate else None
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()

    def begin(self, client: str) -> None:
        """A request of this client begins; `TooMany` where there is no room for it."""
        with self._lock:
            if self._under_way.total() >= _AT_ONCE or self._under_way[client] >= _OF_ONE:
                raise TooMany("Too many pictures are being read at once.", 1)
            self._under_way[client] += 1

    def end(self, client: str) -> None:
        """It has ended."""
        with self._lock:
            self._under_way[client] -= 1
            if not self._under_way[client]:
                del self._under_way[client]


def enter() -> None:
    """Before each request with a body: `TooMany` beyond the limits, before the body is taken in."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    limits: Limits = current_app.extensions["limits"]
    client = request.remote_addr or ""
    if limits.rate is not None and route_of(current_app, request.endpoint).limited:
        limits.rate.check(client, "You send pictures faster than is allowed here.")
        limits.rate.spend(client)
    limits.begin(client)
    g.under_way = client


def count_another(at: int) -> None:
    """Count a picture of a request with several, of which `enter` counted the first (`at` 0): they are read all the
    same, but the client waits the longer before its next request."""
    limits: Limits = current_app.extensions["limits"]
    if at and limits.rate is not None:
        limits.rate.spend(request.remote_addr or "")


def leave(_: BaseException | None) -> None:
    """After each request, also one that failed."""
    client = g.pop("under_way", None)
    if client is not None:
        limits: Limits = current_app.extensions["limits"]
        limits.end(client)
