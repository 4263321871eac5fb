"""How much one client may ask of a worker process: counted here, in memory, and forgotten with it."""

import threading
from collections import OrderedDict
from time import monotonic

from flask import current_app, g, request

from mnist_predict.errors import TooMany

_AT_ONCE = 56  # pictures that are being sent or read; the server has 64 threads, and the pages want some
_CLIENTS = 10_000  # remembered at most; the one that was quiet for longest goes first


class Allowance:
    """At most so many a minute for each client, refilled as time goes by (a token bucket)."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # client -> left, when
        self._lock = threading.Lock()

    def check(self, client: str, words: str) -> None:
        """Raise `TooMany` where the client has none left."""
        with self._lock:
            left = self._now(client)
        if left < 1:
            raise TooMany(words, int((1 - left) * 60 / self._most) + 1)

    def spend(self, client: str) -> None:
        """One less for the client."""
        with self._lock:
            self._left[client] = self._now(client) - 1, monotonic()
            self._left.move_to_end(client)
            if len(self._left) > _CLIENTS:
                self._left.popitem(last=False)

    def _now(self, client: str) -> float:
        left, when = self._left.get(client, (float(self._most), monotonic()))
        return min(self._most, left + (monotonic() - when) * self._most / 60)


class Limits:
    """What a worker takes; `rate`: pictures a client may send in a minute, 0: as many as it likes."""

    def __init__(self, rate: int) -> None:
        self.rate = Allowance(rate) if rate else None
        self.room = threading.Semaphore(_AT_ONCE)


def enter() -> None:
    """Before each request: `TooMany` for pictures beyond the limits, before they are taken in."""
    if request.method != "POST" or request.endpoint not in ("uploads.upload", "uploads.read", "hand.record"):
        return
    limits: Limits = current_app.extensions["limits"]
    if limits.rate is not None:
        client = request.remote_addr or ""
        limits.rate.check(client, "You send pictures faster than is allowed here.")
        limits.rate.spend(client)
    if not limits.room.acquire(blocking=False):
        raise TooMany("Too many pictures are being read at once.", 1)
    g.room = limits.room


def leave(_: BaseException | None) -> None:
    """After each request, also one that failed."""
    room = g.pop("room", None)
    if room is not None:
        room.release()
