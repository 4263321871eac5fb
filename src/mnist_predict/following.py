"""A service follows the champion: every few seconds it asks which it is, and loads a new one beside the old.

Requests under way finish with the version that they began with. A version that cannot be had or loaded changes
nothing: the service says so (`trouble`) and reads on with the last good one.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import numpy as np

from mnist_predict.champion import pull, standing
from mnist_predict.errors import StoreUnavailable, UserError
from mnist_predict.models.registry import open_version
from mnist_predict.store.protocol import Store
from mnist_predict.vision.recognizer import Recognizer, open_recognizer

EVERY = 2.0  # seconds
TRY_AGAIN = 30.0  # seconds until a version that could not be loaded is tried again

log = logging.getLogger("mnist_predict.models")


class Follower:
    """Has `use` called with the recognizer of each new champion; `folder` keeps versions that were fetched."""

    def __init__(self, store: Store, folder: Path, use: Callable[[Recognizer], None]) -> None:
        self.store = store
        self.folder = folder
        self.trouble: str | None = None  # why the champion is not read with, in words
        self._use = use
        self._reading = self._shipped = open_version().name
        self._failed: tuple[str, float] | None = None

    def begin(self) -> None:
        """Read with the champion from the start; with the last one known here where the store does not answer."""
        try:
            self.look()
        except StoreUnavailable as error:
            last = self._last()
            if last is not None:
                log.warning("The store does not answer, so the last known champion reads: %s. %s", last, error)
                self._follow(last)

    def follow(self) -> None:
        """Look every few seconds; does not return."""
        while True:
            sleep(EVERY)
            try:
                self.look()
            except StoreUnavailable:
                pass  # told of by who keeps records
            except Exception:
                log.exception("Looking for a new champion failed; it is tried again.")

    def look(self) -> None:
        """Read with the champion, if it is another than before. Raises `StoreUnavailable`."""
        name = standing(self.store).champion or self._shipped
        if self._failed is not None and self._failed[0] == name and monotonic() < self._failed[1]:
            return
        self._follow(name)

    def _follow(self, name: str) -> None:
        if name == self._reading:
            self._failed = self.trouble = None
            return
        try:
            version = pull(self.store, name, self.folder)
            recognizer = open_recognizer(str(version.folder))
            recognizer.read_pixels(np.full((48, 48), 255, np.uint8))  # what is made with the first use is made now
        except StoreUnavailable:
            raise
        except (UserError, OSError) as error:
            self._failed = name, monotonic() + TRY_AGAIN
            self.trouble = f"The champion {name} cannot be used, so {self._reading} reads on. {error}"
            log.error("%s", self.trouble)
            return
        self._use(recognizer)
        log.warning("Reads with the champion %s from now on, no longer with %s.", name, self._reading)
        self._reading, self._failed, self.trouble = name, None, None
        self._remember(name)

    def _last(self) -> str | None:
        try:
            return (self.folder / "champion").read_text().strip() or None
        except OSError:
            return None

    def _remember(self, name: str) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            new = self.folder / ".champion.new"
            new.write_text(name)
            new.replace(self.folder / "champion")
        except OSError as error:
            log.warning("Which version is the champion cannot be noted in %s: %s", self.folder, error)
