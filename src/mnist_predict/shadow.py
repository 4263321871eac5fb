"""The candidate reads a share of the live uploads after they were answered, so that people see how it would do.

Its readings are kept beside (`beside`), on this machine, and never answered. It must not delay an answer: a thread of
the lowest priority reads while nobody waits for a reading, and leaves out what comes faster than it can read.
"""

import logging
import os
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from queue import Empty, Full, Queue
from time import monotonic, sleep

from mnist_predict.beside import Beside, row_of
from mnist_predict.champion import pull, standing
from mnist_predict.errors import StoreUnavailable, UserError
from mnist_predict.reading import Reading
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record
from mnist_predict.vision.recognizer import Recognizer, open_recognizer

ROOM = 100  # uploads that wait; their pictures are in the store, not in memory
EVERY = 5.0  # seconds between two looks for another candidate
TRY_AGAIN = 30.0  # seconds until a candidate that could not be loaded is tried again
IDLE = 0.05  # seconds between two looks whether a reading is under way

log = logging.getLogger("mnist_predict.models")


class Shadow:
    """Reads `share` percent of the records that it is offered; `busy` says whether a reading is under way."""

    def __init__(self, store: Store, data: Path, share: int, busy: Callable[[], bool]) -> None:
        self.store = store
        self.data = data
        self.share = share
        self._busy = busy
        self._waiting: Queue[Record] = Queue(ROOM)
        self._recognizer: Recognizer | None = None
        self._look_at = 0.0

    def offer(self, record: Record) -> None:
        """A record that was kept; returns at once."""
        if record.source == "upload" and record.sha256 and record.id.int % 100 < self.share:
            with suppress(Full):
                self._waiting.put_nowait(record)

    def follow(self) -> None:
        """Read what was offered; does not return."""
        with suppress(AttributeError, OSError):  # of this thread alone, on Linux
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        while True:
            try:
                self.step(EVERY)
            except (UserError, OSError) as error:
                log.warning("The candidate does not read beside the champion for now: %s", error)
            except Exception:
                log.exception("Reading beside the champion failed; it goes on with the next upload.")

    def step(self, patience: float) -> bool:
        """Read the next record, waiting so many seconds for one; whether it was read.

        Raises `StoreUnavailable`, `BadRequest` for a candidate that is damaged, and `OSError`.
        """
        try:
            record = self._waiting.get(timeout=patience)
        except Empty:
            return False
        recognizer = self._candidate()
        data = self.store.picture(record.sha256 or "") if recognizer else None
        if recognizer is None or data is None:
            return False
        while self._busy():
            sleep(IDLE)
        try:
            reading = recognizer.read(data)
        except UserError as error:  # it was read by the champion, so this one sees nothing in it
            reading = Reading((), None, (str(error),), recognizer.model_version)
        with closing(Beside(self.data, recognizer.model_version)) as beside:
            beside.keep([row_of(record, reading)])
            # Asked only now: who erases forgets these readings last, so one of the two sees the other.
            beside.forget(self.store.erased([record.id]))
        return True

    def _candidate(self) -> Recognizer | None:
        if monotonic() < self._look_at:
            return self._recognizer
        self._look_at = monotonic() + EVERY
        try:
            name = standing(self.store).candidate
            if name is None:
                self._recognizer = None
            elif self._recognizer is None or self._recognizer.model_version != name:
                self._recognizer = open_recognizer(str(pull(self.store, name, self.data / "models").folder))
        except StoreUnavailable:
            raise
        except (UserError, OSError):
            self._recognizer, self._look_at = None, monotonic() + TRY_AGAIN
            raise
        return self._recognizer
