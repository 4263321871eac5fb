"""Limits for each client: pictures and wrong tokens per minute, over all worker processes, and requests at a time.

The server waits for a body however slowly it comes, and holds a thread meanwhile. So no client gets more than half of
the threads that may wait, and some are left for pages.
"""

import logging
import sqlite3
import threading
from collections import Counter
from time import monotonic

from flask import Response, current_app, g, request

from mnist_predict.errors import TooMany
from mnist_predict.turns import answered, ask
from mnist_predict.web.http.acks import close_unread
from mnist_predict.web.http.incoming import MAX_REQUEST
from mnist_predict.web.http.presence import Presence
from mnist_predict.web.http.routes import route_of

# All of a worker process, and what one client gets of it.
REQUESTS = 72, 36  # at a time; `server.THREADS` has some more, for streams and for those who ask whether it is alive
BODIES = 80_000_000, 60_000_000  # bytes of requests under way
STREAMS = 8, 4  # answers that are sent as they are read, each of which holds a thread
UNREAD = 60_000_000, 40_000_000  # bytes of them
_MINUTE = 60.0
_RATE = "Rate limit of pictures exceeded."

log = logging.getLogger("mnist_predict.web")

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

    `file`: a SQLite file, in which all workers count together; it need not outlive them. Where it cannot be used, as
    on a disk that became read-only, a worker counts for itself alone.
    """

    def __init__(self, name: str, capacity: int, file: str) -> None:
        self._name = name
        self._capacity = capacity
        self._lock = threading.Lock()
        try:
            self._counts = _open(file)
        except sqlite3.Error as error:
            self._count_alone(error)

    def take(self, client: str, words: str, forced: bool = False) -> None:
        """Take a token; raises `TooMany`, which begins with `words`, where the client has none left.

        `forced`: take one that the client may not have yet, so that its next one comes the later.
        """
        now = monotonic()  # the same clock in all processes of a machine
        values = {"name": self._name, "client": client, "capacity": self._capacity, "now": now, "forced": forced}
        with self._lock:
            try:
                tokens = self._take(values)
            except sqlite3.Error as error:
                self._count_alone(error)
                tokens = self._take(values)
        if tokens is not None:
            raise TooMany(words, int((1 - tokens) * _MINUTE / self._capacity) + 1)

    def _take(self, values: dict[str, object]) -> float | None:
        """None where a token was taken, else how much of one there is."""
        with self._counts:
            if not self._counts.execute(_TAKE, values).rowcount:
                tokens: float = self._counts.execute(_FIND, values).fetchone()[0]
                return tokens
            self._counts.execute(_FORGET, values)
        return None

    def _count_alone(self, error: sqlite3.Error) -> None:
        log.warning("The workers' counts of requests cannot be used, so this one counts for itself: %s", error)
        self._counts = _open(":memory:")


def _open(file: str) -> sqlite3.Connection:
    # SQLite does not wait where two that read want to write: so the right to write is asked for first.
    counts = sqlite3.connect(file, timeout=30, isolation_level="IMMEDIATE", check_same_thread=False)
    counts.execute("pragma synchronous = off")
    counts.execute(_TABLE)
    return counts


class Shares:
    """Something of which there is so much in a process, and for one client so much at most."""

    def __init__(self, most: int, of_one: int, words: str) -> None:
        self.most = most
        self.of_one = of_one
        self._words = words
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    def taken(self) -> int:
        """How much is taken."""
        return self._taken.total()

    def take(self, client: str, amount: int = 1) -> None:
        """Raises `TooMany` where not so much is left for the client."""
        with self._lock:
            if self._taken.total() + amount > self.most or self._taken[client] + amount > self.of_one:
                raise TooMany(self._words, 1)
            self._taken[client] += amount

    def give_back(self, client: str, amount: int = 1) -> None:
        """What was taken is free again."""
        with self._lock:
            self._taken[client] -= amount
            if not self._taken[client]:
                del self._taken[client]


class Limits:
    """What is accepted. `rate`: pictures that a client may send in a minute, 0: any number."""

    def __init__(self, rate: int, file: str) -> None:
        self.pictures = TokenBucket("pictures", rate, file) if rate else None
        self.requests = Shares(*REQUESTS, "Too many requests at once.")
        self.bodies = Shares(*BODIES, "Too many pictures are being sent at once.")
        self.streams = Shares(*STREAMS, "Too many downloads at once.")
        self.unread = Shares(*UNREAD, "Too many downloads at once.")


def enter() -> None:
    """Before each request: say who asks, and raise `TooMany` beyond the limits, before a body is taken in."""
    client = request.remote_addr or ""
    ask(client, Presence(request.environ).left)
    route = route_of(current_app, request.endpoint)
    if route.public:  # whether the service lives is answered whatever goes on
        return
    limits: Limits = current_app.extensions["limits"]
    if limits.pictures is not None and route.limited:
        limits.pictures.take(client, _RATE)
    _take(limits.requests, client, 1)
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        length = request.content_length
        _take(limits.bodies, client, MAX_REQUEST if length is None else min(length, MAX_REQUEST))


def _take(shares: Shares, client: str, amount: int) -> None:
    """Take something until the end of this request."""
    shares.take(client, amount)
    g.setdefault("taken", []).append((shares, client, amount))


def leave(_: BaseException | None) -> None:
    """After each request, also one that failed."""
    for shares, client, amount in g.pop("taken", []):
        shares.give_back(client, amount)
    answered()


def until_sent(response: Response, size: int) -> Response:
    """An answer that is sent as its client reads it, and counts until then; raises `TooMany` beyond the limits.

    `size`: bytes of it that are in memory.
    """
    limits: Limits = current_app.extensions["limits"]
    client = request.remote_addr or ""
    limits.streams.take(client)
    try:
        limits.unread.take(client, size)
    except TooMany:
        limits.streams.give_back(client)
        raise

    def sent() -> None:
        limits.streams.give_back(client)
        limits.unread.give_back(client, size)

    response.call_on_close(sent)
    response.direct_passthrough = False  # Werkzeug never closes a response that is passed through
    close_unread()
    return response


def count_another(at: int) -> None:
    """Charge for a picture of a request with several, of which `enter` counted the first (`at` 0).

    All of them are read, but the client waits longer before its next request.
    """
    limits: Limits = current_app.extensions["limits"]
    if at and limits.pictures is not None:
        limits.pictures.take(request.remote_addr or "", _RATE, forced=True)
