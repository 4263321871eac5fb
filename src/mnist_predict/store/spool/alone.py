"""What only the store itself answers, never its spool; and the circuit breaker before it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

from mnist_predict.errors import StoreUnavailable
from mnist_predict.store.durability import Durability
from mnist_predict.store.protocol import Store, Unreviewed
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.spool.spool import Spool
from mnist_predict.store.versions.kept import Assignment, KeptVersion

T = TypeVar("T")

log = logging.getLogger("mnist_predict.store")


class StoreAlone(Store):
    """A store that may be away: after a first failure nobody waits for it until `away` is None again."""

    def __init__(self, store: Store, spool: Spool) -> None:
        self.store = store
        self.spool = spool
        self.away: str | None = None  # why, in words; None while the store answers

    def merge(self, record_id: UUID, kept_id: UUID) -> None:
        """Take the first id for the second, in the store; see `Store.merge`."""
        self._ask(lambda: self.store.merge(record_id, kept_id))

    def merged(self) -> Iterator[tuple[UUID, UUID]]:
        """Every id that was merged in the store."""
        return self._ask(self.store.merged)

    def unreviewed(self, before: UUID | None = None, limit: int = 50, digit: str | None = None) -> Unreviewed:
        """Readings that wait for a person, in the store alone; see `Store.unreviewed`."""
        return self._ask(lambda: self.store.unreviewed(before, limit, digit))

    def lease(self, ids: Sequence[UUID], who: str, seconds: float, most: int) -> list[Record]:
        """Give some that wait to `who`, in the store alone, which all services share; see `Store.lease`."""
        return self._ask(lambda: self.store.lease(ids, who, seconds, most))

    def skip(self, record_id: UUID, who: str, seconds: float) -> None:
        """Give what `who` holds to nobody; see `Store.skip`."""
        self._ask(lambda: self.store.skip(record_id, who, seconds))

    def erasures(self) -> Iterator[Erasure]:
        """Every erasure, newest first."""
        return self._ask(self.store.erasures)

    def keep_version(self, version: KeptVersion, archive: bytes) -> None:
        """Keep a model version in the store, never in the spool; see `Store.keep_version`."""
        self._ask(lambda: self.store.keep_version(version, archive))

    def versions(self) -> list[KeptVersion]:
        """Every model version in the store."""
        return self._ask(self.store.versions)

    def version_archive(self, name: str) -> bytes | None:
        """The bytes of a model version in the store."""
        return self._ask(lambda: self.store.version_archive(name))

    def assign(self, assignment: Assignment) -> None:
        """Add an assignment to the store, never to the spool; see `Store.assign`."""
        self._ask(lambda: self.store.assign(assignment))

    def assignments(self, limit: int = 100) -> list[Assignment]:
        """Those of the store, newest first."""
        return self._ask(lambda: self.store.assignments(limit))

    def durability(self, look: bool = False) -> Durability:
        """That of the store itself; see `Store.durability`."""
        return self._ask(lambda: self.store.durability(look))

    def _ask(self, question: Callable[[], T]) -> T:
        """The store's answer; at once an error while it is away."""
        if self.away is not None:
            raise StoreUnavailable(f"The store is away, so only what waits in the spool can be used now. {self.away}")
        try:
            return question()
        except StoreUnavailable as error:
            self._lost(error)
            raise

    def _lost(self, error: StoreUnavailable) -> None:
        if self.away is None:
            log.warning("The store is away. Uploads are kept in the spool %s meanwhile. %s", self.spool.path, error)
        self.away = str(error)
