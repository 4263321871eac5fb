"""The candidate reads a share of the live uploads after they were answered, so that people see how it would do.

Its readings are kept beside (`beside`), on this machine, and never answered. It must not delay an answer: a process of
the lowest priority reads while nobody waits for a reading, and what comes faster than it can read is left out.
"""

import logging
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from queue import Empty, Full, Queue
from time import monotonic, sleep

from mnist_predict.beside import Beside, row_of
from mnist_predict.champion import pull, standing
from mnist_predict.errors import UserError
from mnist_predict.reading_process import ReadingProcess
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record

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
        self._reader: ReadingProcess | None = None
        self._look_at = 0.0

    def offer(self, record: Record) -> None:
        """A record that was kept; returns at once."""
        if record.source == "upload" and record.sha256 and record.id.int % 100 < self.share:
            with suppress(Full):
                self._waiting.put_nowait(record)

    def follow(self) -> None:
        """Read what was offered; does not return."""
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
        reader = self._candidate()
        data = self.store.picture(record.sha256 or "") if reader else None
        if reader is None or data is None:
            return False
        while self._busy():
            sleep(IDLE)
        try:
            reading = reader.read(data)
        except OSError:
            self._use(None)
            raise
        with closing(Beside(self.data, reader.version)) as beside:
            beside.keep([row_of(record, reading)])
            # Asked only now: who erases forgets these readings last, so one of the two sees the other.
            beside.forget(self.store.erased([record.id]))
        return True

    def _candidate(self) -> ReadingProcess | None:
        if monotonic() < self._look_at:
            return self._reader
        self._look_at = monotonic() + EVERY
        name = standing(self.store).candidate
        if self._reader is None or self._reader.version != name:
            self._use(None)
            try:
                self._use(ReadingProcess(pull(self.store, name, self.data / "models").folder) if name else None)
            except (UserError, OSError):
                self._look_at = monotonic() + TRY_AGAIN
                raise
        return self._reader

    def _use(self, reader: ReadingProcess | None) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader = reader

    def close(self) -> None:
        """End the process that reads."""
        self._use(None)
