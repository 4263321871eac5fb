"""Limits for each client: pictures and wrong tokens per minute, over all worker processes, and requests at a time.

The server waits for a body however slowly it comes, and holds a thread meanwhile. So no client gets more than half of
the threads that may wait, and some are left for pages.
"""

import sqlite3
import threading
from collections import Counter
from time import monotonic

from flask import current_app, g, request

from mnist_predict.errors import TooMany
from mnist_predict.turns import ask
from mnist_predict.web.http.presence import Presence
from mnist_predict.web.http.routes import route_of

_AT_ONCE = 56  # requests with a body at a time; the server has 64 threads, and some are for pages
_OF_ONE = 28  # of one client
_MINUTE = 60.0

_TABLE = """create table if not exists bucket (
    name text, client text, tokens real, at real, primary key (name, client)) without rowid"""
# `refilled` is what a bucket holds now. One statement takes a token, so that it is one step for all processes.
_TAKE, _FIND, _FORGET = (
    statement.replace("refilled", "min(:capacity, tokens + max(0, :now - at) * :capacity / 60)")
    for statement in (
        """insert into bucket values (:name, :client, :capacity - 1, :now) on conflict do update
        set tokens = refilled - 1, at = max(at, :now) where :forced or refilled >= 1""",
        "select refilled from bucket where name = :name and client = :client",
        "delete from bucket where name = :name and refilled >= :capacity",
    )
)


class TokenBucket:
    """A token bucket for each client: it holds `capacity` tokens, and is refilled at the rate of so many a minute.

    `file`: a SQLite file, in which all workers count together; it need not outlive them.
    """

    def __init__(self, name: str, capacity: int, file: str) -> None:
        self._name = name
        self._capacity = capacity
        self._lock = threading.Lock()
        self._counts = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
        self._counts.execute("pragma synchronous = off")
        self._counts.execute(_TABLE)

    def take(self, client: str, words: str) -> None:
        """Take a token; raises `TooMany`, which begins with `words`, where the client has none left."""
        if not self._take(client, forced=False):
            [tokens] = self._execute(_FIND, client).fetchone() or [1.0]
            seconds = max(0.0, 1 - tokens) * _MINUTE / self._capacity
            raise TooMany(words, int(seconds) + 1)

    def charge(self, client: str) -> None:
        """Take a token that the client may not have yet: its next one comes the later."""
        self._take(client, forced=True)

    def _take(self, client: str, forced: bool) -> bool:
        taken = self._execute(_TAKE, client, forced=forced).rowcount > 0
        self._execute(_FORGET, client)
        return taken

    def _execute(self, statement: str, client: str, **more: bool) -> sqlite3.Cursor:
        with self._lock:
            now = monotonic()  # the same clock in all processes of a machine
            values = {"name": self._name, "client": client, "capacity": self._capacity, "now": now}
            return self._counts.execute(statement, values | more)


class Limits:
    """What is accepted. `rate`: pictures that a client may send in a minute, 0: any number."""

    def __init__(self, rate: int, file: str) -> None:
        self.pictures = TokenBucket("pictures", rate, file) if rate else None
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()

    def begin(self, client: str) -> None:
        """A request of this client begins; raises `TooMany` where there is no room for it."""
        with self._lock:
            if self._under_way.total() >= _AT_ONCE or self._under_way[client] >= _OF_ONE:
                raise TooMany("Too many pictures are being read at once.", 1)
            self._under_way[client] += 1

    def end(self, client: str) -> None:
        """A request of this client has ended."""
        with self._lock:
            self._under_way[client] -= 1
            if not self._under_way[client]:
                del self._under_way[client]


def enter() -> None:
    """Before each request: say who asks. With a body: raises `TooMany` beyond the limits, before it is taken in."""
    client = request.remote_addr or ""
    ask(client, Presence(request.environ).left)
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    limits: Limits = current_app.extensions["limits"]
    if limits.pictures is not None and route_of(current_app, request.endpoint).limited:
        limits.pictures.take(client, "Rate limit of pictures exceeded.")
    limits.begin(client)
    g.under_way = client


def count_another(at: int) -> None:
    """Charge for a picture of a request with several, of which `enter` counted the first (`at` 0).

    All of them are read, but the client waits longer before its next request.
    """
    limits: Limits = current_app.extensions["limits"]
    if at and limits.pictures is not None:
        limits.pictures.charge(request.remote_addr or "")


def leave(_: BaseException | None) -> None:
    """After each request, also one that failed."""
    client = g.pop("under_way", None)
    if client is not None:
        limits: Limits = current_app.extensions["limits"]
        limits.end(client)
