"""One session to a cluster for all threads of a process: made with the first use, anew after a fork or a loss."""

import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from mnist_predict.errors import StoreUnavailable
from mnist_predict.store.cassandra.session import ERRORS, LOST, Session, explain
from mnist_predict.store.cassandra.url import ClusterUrl


class Shared(ABC):
    """What uses a `Session`."""

    def __init__(self, place: ClusterUrl) -> None:
        self.place = place
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._state = threading.Condition()  # guards what follows
        self._session: Session | None = None
        self._in_use = 0
        self._closed = False
        self._failure: tuple[float, StoreUnavailable] | None = None

    @abstractmethod
    def _prepare(self, session: Session) -> None:
        """Make ready what a new session is used for."""

    def close(self) -> None:
        store = self._of_this_process()
        with store._state:
            store._closed = True
            while store._in_use:
                store._state.wait()
            session, store._session = store._session, None
        if session is not None:
            session.close()

    @contextmanager
    def _using(self) -> Iterator[Session]:
        store = self._of_this_process()
        with store._state:
            session = store._opened()
            session.users += 1
            store._in_use += 1
        try:
            yield session
        except ERRORS as error:
            if isinstance(error, LOST):
                # Begin anew with the next use: the hosts may come back under other addresses.
                with store._state:
                    store._session = None if store._session is session else store._session
            raise explain(error, self.place) from error
        finally:
            with store._state:
                session.users -= 1
                store._in_use -= 1
                is_left = store._session is not session and not session.users
                store._state.notify_all()
            if is_left:  # the driver fails in its own ways under those who still use what is closed
                session.close()

    def _opened(self) -> Session:
        if self._closed:
            raise StoreUnavailable("The store is closed. Try again when the service has started anew.")
        if self._session is not None:
            return self._session
        if self._failure and time.monotonic() < self._failure[0]:
            raise self._failure[1]
        try:
            session = Session(self.place)
            try:
                self._prepare(session)
            except BaseException:
                session.close()
                raise
        except (*ERRORS, StoreUnavailable) as error:
            # Those who wait for this very attempt hear of its failure; they do not each make their own.
            failure = explain(error, self.place)
            self._failure = time.monotonic() + 1, failure
            raise failure from error
        self._session = session
        return session

    def _of_this_process(self) -> Self:
        if self._process != os.getpid():
            self._begin()  # the threads of the parent's session did not come along in the fork
        return self
