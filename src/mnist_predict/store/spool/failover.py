"""A store that may be away, with a spool: what it cannot take now is kept in the spool and moved when it is back.

What it takes before it is on its disks is kept in the spool too, for as long as that takes: see unsynced.py.

A circuit breaker: after a first failure nobody waits for the store again until the watcher, a thread of each process,
has found it back. The spool is asked first and the store second, always: see replay.py.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TypeVar
from uuid import UUID

from mnist_predict.errors import StoreUnavailable
from mnist_predict.store.durability import Durability
from mnist_predict.store.protocol import ERASED_AT_ONCE, Status, Store
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.search import Found, Search, merge_results, one_of_each
from mnist_predict.store.spool.alone import StoreAlone
from mnist_predict.store.spool.replay import replay
from mnist_predict.store.spool.spool import Spool
from mnist_predict.store.spool.volume import is_ephemeral

T = TypeVar("T")

_NOT_SYNCED = "The store syncs to its disks only every {:g} s, and the spool cannot keep this until it has."

PROBE = 1.0  # seconds until a store that is away is asked again, growing to
SLOWEST_PROBE = 3.0
IDLE = 2.0  # seconds between two looks into the spool while the store is well
STUCK = 30.0  # until what cannot be moved is tried again

log = logging.getLogger("mnist_predict.store")


class SpooledStore(StoreAlone):
    """A `Store` that keeps records while the store behind it is away."""

    def __init__(self, store: Store, spool: Spool) -> None:
        super().__init__(store, spool)
        self.ephemeral = is_ephemeral(spool.path.parent)
        self._next_replay = 0.0
        self._epoch = ""  # of the store when it was last looked at
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watcher of the store", daemon=True)
        self._watcher.start()

    def add(self, record: Record, picture: bytes | None = None, is_new: bool = False) -> Record:
        """Keep a record and its picture, in the spool if need be; raises the errors of `Store.add`."""
        if record.key is not None:
            waits = self._in_spool(lambda: self.spool.with_key(record), None)
            if waits is not None:
                return waits
        if self.away is None:
            try:
                durability = self.store.durability()  # before: what is written in this epoch is safe in this one alone
                kept = self.store.add(record, picture, is_new)
            except StoreUnavailable as error:
                self._lost(error)
            else:
                if durability.sync_period:
                    self._keep_unsynced(kept, picture, durability)
                return kept
        try:
            return self.spool.add(record, picture)
        except StoreUnavailable as error:
            raise StoreUnavailable(f"{self.away or ''} {error}".strip()) from error

    def _keep_unsynced(self, record: Record, picture: bytes | None, durability: Durability) -> None:
        try:
            self.spool.keep_unsynced(record, picture, durability.epoch)
        except StoreUnavailable as error:
            raise StoreUnavailable(f"{_NOT_SYNCED.format(durability.sync_period)} {error}") from error

    def add_all(self, records: Sequence[Record], pictures: Mapping[str, bytes]) -> None:
        """Keep many new records in the store, never in the spool; see `Store.add_all`."""
        self._ask(lambda: self.store.add_all(records, pictures))

    def status(self) -> Status:
        """See `Store.status`."""
        used, unsynced = self._in_spool(self.spool.bytes_used, 0), self._in_spool(self.spool.unsynced, 0)
        return Status(self.away, self.waiting(), unsynced, used, self.spool.limit, self.ephemeral)

    def is_waiting(self, record_id: UUID) -> bool:
        """Whether a record waits in the spool."""
        return self._in_spool(lambda: self.spool.get(record_id), None) is not None

    def waiting(self) -> int:
        """How many records and erasures wait in the spool for the store."""
        return self._in_spool(self.spool.waiting, 0)

    def is_ephemeral(self, record_id: UUID) -> bool:
        """See `Store.is_ephemeral`."""
        if not self.ephemeral:
            return False
        kept = self._in_spool(lambda: self.spool.unsynced_record(record_id), None)
        return kept is not None or self.is_waiting(record_id)

    def get(self, record_id: UUID) -> Record | None:
        """The record of that id."""
        mine = self._in_spool(lambda: self.spool.get(record_id), None)
        found = mine or self._ask(lambda: self.store.get(record_id))
        if found is None:  # a node may just have lost it
            kept = self._in_spool(lambda: self.spool.unsynced_record(record_id), None)
            found = kept if kept and not self._ask(lambda: self.store.erased([record_id])) else None
        return found

    def newest(self, image_name: str) -> Record | None:
        """The newest record of that image name that brought a picture; while the store is away, in the spool."""
        mine = self._in_spool(lambda: self.spool.newest(image_name), None)
        try:
            theirs = self._ask(lambda: self.store.newest(image_name))
        except StoreUnavailable:
            if mine is None:
                raise
            return mine
        return max(filter(None, (mine, theirs)), key=lambda record: record.id, default=None)

    def page(self, before: UUID | None = None, limit: int = 50) -> list[Record]:
        """Records newest first; while the store is away, those in the spool."""
        mine: list[Record] = self._in_spool(lambda: self.spool.page(before, limit), [])
        try:
            theirs = self._ask(lambda: self.store.page(before, limit))
        except StoreUnavailable:
            return mine
        return list(islice(one_of_each(mine, theirs), limit))

    def search(self, search: Search, before: UUID | None = None, limit: int = 50) -> Found:
        """Records that are searched for, newest first; while the store is away, those in the spool."""
        mine = self._in_spool(lambda: self.spool.search(search, before, limit), Found([]))
        try:
            theirs = self._ask(lambda: self.store.search(search, before, limit))
        except StoreUnavailable:
            return mine
        return merge_results(mine, theirs, limit)

    def label_history(self, record_id: UUID) -> list[Record]:
        """Every label of a record, newest first; while the store is away, of one that waits."""
        mine: list[Record] = self._in_spool(lambda: self.spool.label_history(record_id), [])
        waits = self.is_waiting(record_id)
        try:
            theirs = self._ask(lambda: self.store.label_history(record_id))
        except StoreUnavailable:
            if not waits:
                raise
            return mine
        return list(one_of_each(mine, theirs))

    def newest_labels(self, record_ids: Sequence[UUID]) -> dict[UUID, Record]:
        """The newest label of each record; while the store is away, of those that wait."""
        if not record_ids or self.waiting():  # among what waits may be what withdraws a label in the store
            return super().newest_labels(record_ids)
        return self._ask(lambda: self.store.newest_labels(record_ids))

    def picture(self, sha256: str) -> bytes | None:
        """The bytes of a picture just as they were uploaded."""
        mine = self._in_spool(lambda: self.spool.picture(sha256), None)
        found = mine if mine is not None else self._ask(lambda: self.store.picture(sha256))
        return found if found is not None else self._in_spool(lambda: self.spool.unsynced_picture(sha256), None)

    def erased_with(self, record: Record, limit: int = ERASED_AT_ONCE) -> list[Record]:
        """What is erased with a record, in the store and in the spool; see `Store.erased_with`."""
        theirs = self._ask(lambda: self.store.erased_with(record, limit))
        mine = self.spool.erased_with(record, limit)
        last = (record.id, record.label_of) if limit in (len(theirs), len(mine)) else ()
        return [each for each in one_of_each(mine, theirs) if each.id not in last]

    def erase(self, erasure: Erasure) -> Erasure:
        """Erase these records in the store, so that none is moved there any more, then in the spool."""
        durability = self._ask(self.store.durability)
        done = self._ask(lambda: self.store.erase(erasure))
        return self.spool.erase(done, durability) if durability.sync_period or self.spool.path.exists() else done

    def erased(self, record_ids: Iterable[UUID]) -> set[UUID]:
        """Those of the ids that were erased."""
        ids = set(record_ids)
        mine: set[UUID] = self._in_spool(lambda: self.spool.erased(ids), set())
        return mine | self._ask(lambda: self.store.erased(ids))

    def count(self) -> int:
        """How many records are kept; one on its way from the spool to the store is counted twice."""
        return self._in_spool(self.spool.count, 0) + self._ask(self.store.count)

    def pictures(self) -> Iterator[str]:
        """The SHA-256 of every picture that is kept; one may come twice, as those of a record on its way."""
        return chain(self.spool.pictures(), self._ask(self.store.pictures))

    def check_writable(self) -> None:
        """Raise `StoreUnavailable` unless a record could be kept now, be it in the spool."""
        if self.away is None:
            try:
                self.store.check_writable()
                if not self.store.durability().sync_period:
                    return
            except StoreUnavailable as error:
                self._lost(error)
        try:
            self.spool.check_writable()
        except StoreUnavailable as error:
            raise StoreUnavailable(f"{self.away or ''} {error}".strip()) from error

    def close(self) -> None:
        """Finish what was begun and let go of files and connections; what waits in the spool waits on."""
        self._stopping.set()
        self._watcher.join()
        self.store.close()
        self.spool.close()

    def _in_spool(self, look: Callable[[], T], otherwise: T) -> T:
        """What the spool says; a spool that cannot be read is no reason not to ask the store."""
        try:
            return look()
        except StoreUnavailable as error:
            log.warning("The spool cannot be read, so what waits in it is not shown: %s", error)
            return otherwise

    def _watch(self) -> None:
        """Ask a store that is away whether it is back, and move to it what waits; once at the start, too."""
        asked, pause = False, 0.0
        while not self._stopping.wait(pause):
            try:
                if self.away is not None or not asked:
                    asked = True
                    if self.away is not None:
                        self._in_spool(self.spool.wait_again, None)
                    self.store.check_writable()
                    if self.away is not None:
                        log.warning("The store is back.")
                    self.away = None
                if time.monotonic() >= self._next_replay:
                    self._replay()
                pause = IDLE
            except StoreUnavailable as error:
                self._lost(error)
                pause = min(max(PROBE, pause * 1.5), SLOWEST_PROBE)
            except Exception:
                if not threading.main_thread().is_alive():
                    return  # the process ends
                log.exception("Looking after the store failed; it is tried again.")
                pause = STUCK

    def _replay(self) -> None:
        """Move what waits; not soon again where that cannot be moved. Raises `StoreUnavailable` of the store."""
        try:
            if not self._settle():
                return
            moved = replay(self.spool, self.store, lambda: not self._stopping.is_set())
            stuck = moved == 0 and self.spool.waiting() > 0
        except (StoreUnavailable, OSError) as error:
            self.store.check_writable()
            log.error("The spool cannot be moved to the store: %s", error)
            stuck = True
        if stuck:
            self._next_replay = time.monotonic() + STUCK

    def _settle(self) -> bool:
        """Drop what the store has on its disks by now, and have wait again what it may have lost.

        False while its nodes still come and go, or nobody can tell: what is moved then would be moved once more.
        """
        if not (self.spool.unsynced() or self.spool.waiting()):
            return True
        looked = time.monotonic()
        durability = self.store.durability(look=True)
        self.store.check_writable()  # a node whose sync is late by half its period takes no more writes
        before, self._epoch = self._epoch, durability.epoch
        if durability.epoch:
            self.spool.settle(durability, looked)
        return not durability.sync_period or durability.epoch == before != ""
