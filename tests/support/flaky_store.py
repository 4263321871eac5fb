"""A real store whose line can be cut, for the tests of what happens while a store is away."""

import threading
from collections.abc import Iterable
from typing import Any

from mnist_predict.errors import StoreUnavailable
from mnist_predict.store.durability import Durability
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.sqlite.connection import Connection
from mnist_predict.store.sqlite.erase import UNUSED
from mnist_predict.store.sqlite.store import SqliteStore


class FlakyStore(SqliteStore):
    """Fails while `cut`, and from its `fails_at`th question on; with `answers_lost`, it writes and then fails.

    It syncs every `sync_period` seconds, in lives that `epoch` names; `forget` is what it loses when one of them ends.
    `asked` counts the questions that were put to it, but for those of a spool's watcher; `checked` the checks that
    went well.
    """

    cut = False
    answers_lost = False
    asked = checked = 0
    fails_at: int | None = None
    sync_period = 0.0
    epoch = "first"
    _seen: Durability | None = None

    def add(self, record: Record, picture: bytes | None = None, is_new: bool = False) -> Record:
        """See `Store.add`."""
        self._over_the_line()
        kept = super().add(record, picture, is_new)
        if self.answers_lost:
            raise StoreUnavailable("No answer.")
        return kept

    def add_all(self, *arguments: Any) -> None:
        """See `Store.add_all`."""
        self._over_the_line()
        super().add_all(*arguments)

    def merge(self, *arguments: Any) -> None:
        """See `Store.merge`."""
        self._over_the_line()
        super().merge(*arguments)

    def erase(self, erasure: Erasure) -> Erasure:
        """See `Store.erase`."""
        self._over_the_line()
        return super().erase(erasure)

    def durability(self, look: bool = False) -> Durability:
        """See `Store.durability`."""
        self._over_the_line()
        if look or self._seen is None:
            self._seen = Durability(self.sync_period, self.epoch)
        return self._seen

    def forget(self, lost: Iterable[Record], bars: Iterable[Record] = ()) -> None:
        """Lose records with their pictures, and that others were erased."""

        def lose(connection: Connection) -> None:
            connection.executemany("delete from record where id = ?", [(str(each.id),) for each in lost])
            connection.executemany(UNUSED, [(each.sha256,) for each in lost])
            connection.executemany("delete from erased where id = ?", [(str(each.id),) for each in bars])

        self._writer.run(lose)

    def check_writable(self) -> None:
        """See `Store.check_writable`."""
        self._over_the_line()
        super().check_writable()
        self.checked += 1

    def _read(self, *arguments: Any) -> list[Any]:
        self._over_the_line()
        return super()._read(*arguments)

    def _over_the_line(self) -> None:
        if threading.current_thread().name != "watcher of the store":
            self.asked += 1
        if self.cut or (self.fails_at is not None and self.asked >= self.fails_at):
            raise StoreUnavailable("The line is cut.")
