"""Turns: what is scarce goes round among those who ask, and nobody who asks gets more than a fair share of it.

The web says who asks (`ask`), once for each request, in the thread that answers it. What is heavy (to decode a page, to
read it) then takes turns among clients, not among requests: one that sends a hundred pictures waits for itself. Between
pages it is asked whether the request may go on: its seconds may be used up, or whoever sent it may have left.
"""

import math
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, thread_time

from mnist_predict.errors import TooLarge, UserError

MAX_SECONDS = 20.0  # of CPU for a request; what is under way when they end may take some more
SLICE = 0.25  # seconds after which a turn is passed on where others wait


class Left(UserError):
    """Whoever asked is gone: nobody is there to get the answer."""

    status = 499  # as others log it; it is not sent


@dataclass(slots=True)
class Asker:
    """Who asks, and what this request has taken.

    `client`: whose turn it is; `left`: whether they are gone; `most`: seconds of CPU that it may take; `elsewhere`:
    those that other processes took for it; `holds`: what it has a turn of, `since` when.
    """

    client: str = ""
    left: Callable[[], bool] = bool
    most: float = math.inf
    began: float = field(default_factory=thread_time)
    elsewhere: float = 0.0
    holds: "Turns | None" = None
    since: float = 0.0

    def seconds(self) -> float:
        """CPU that the request has taken so far; in the thread that serves it."""
        return thread_time() - self.began + self.elsewhere

    def check(self) -> None:
        """Between two steps: raise `TooLarge` where the request has taken too long, `Left` where nobody waits."""
        if self.seconds() > self.most:
            raise TooLarge(f"To read all of this takes more than {self.most:.0f} seconds. Send it in parts.")
        if self.left():
            raise Left("The client has left.")


_here = threading.local()


def ask(client: str, left: Callable[[], bool]) -> None:
    """From now on, what this thread does is done for that client; it may take `MAX_SECONDS`."""
    _here.asker = Asker(client, left, MAX_SECONDS)


def answered() -> None:
    """What this thread does from now on is done for nobody in particular."""
    _here.asker = None


def asker() -> Asker:
    """For whom this thread works; nobody in particular, who may take all the time, where it was not told."""
    found: Asker | None = getattr(_here, "asker", None)
    return found or Asker()


def give_way() -> None:
    """In the middle of a long turn: let others have theirs; raises what `Asker.check` raises."""
    who = asker()
    if who.holds is not None and monotonic() - who.since > SLICE:
        who.check()
        who.holds.pass_on(who)


class Turns:
    """At most `at_once` turns at a time, one for each client; clients that wait come in rotation."""

    def __init__(self, at_once: int = 1) -> None:
        self._lock = threading.Lock()
        self._free = at_once
        self._served: set[str] = set()
        self._waiting: OrderedDict[str, deque[threading.Event]] = OrderedDict()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One turn; raises what `Asker.check` raises once it has come."""
        who = asker()
        self._wait(who)
        try:
            who.check()
            yield
        finally:
            who.holds = None
            with self._lock:
                self._end(who)

    def busy(self) -> bool:
        """Whether anybody has a turn or waits for one."""
        return bool(self._served or self._waiting)

    def pass_on(self, who: Asker) -> None:
        """End a turn and wait for the next."""
        if self._waiting:
            with self._lock:
                self._end(who)
            self._wait(who)

    def _wait(self, who: Asker) -> None:
        mine = threading.Event()
        with self._lock:
            self._waiting.setdefault(who.client, deque()).append(mine)
            self._call()
        mine.wait()
        who.holds, who.since = self, monotonic()

    def _end(self, who: Asker) -> None:
        self._free += 1
        self._served.discard(who.client)
        self._call()

    def _call(self) -> None:
        """Call those who are next."""
        for client in list(self._waiting):
            if not self._free:
                return
            if client in self._served:
                continue
            waiting = self._waiting.pop(client)
            waiting.popleft().set()
            self._free -= 1
            self._served.add(client)
            if waiting:  # behind all others
                self._waiting[client] = waiting
