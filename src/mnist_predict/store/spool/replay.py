"""Replaying a spool: `store copy`, batch by batch. What is compared and well in the store leaves the spool.

Killed at any moment it is simply begun again: a record is in the spool until it is known to be in the store, and
copying it once more changes nothing. Readers look into the spool first and the store second, so that a record on its
way from one to the other is never overlooked.
"""

import contextlib
import logging
import sqlite3
from collections.abc import Callable
from uuid import UUID

from mnist_predict.errors import StoreUnavailable, UserError
from mnist_predict.store.file_lock import try_lock
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record
from mnist_predict.store.spool.spool import Batch, Spool
from mnist_predict.store.tools.copy import copy

BATCH = 500
SHRINK = 16_000_000  # bytes of an empty spool's file that are worth giving back

log = logging.getLogger("mnist_predict.store")


def replay(spool: Spool, store: Store, go_on: Callable[[], bool] = lambda: True) -> int | None:
    """Move what waits in the spool to the store, the oldest first; how many records left the spool.

    Only one process replays at a time: None where another does. Raises `StoreUnavailable`. `go_on` is asked before
    each batch.
    """
    waiting = spool.waiting()
    if not waiting:
        return 0
    with try_lock(spool.path) as mine:
        if not mine:
            return None
        log.warning("Moving %d records from the spool to the store.", waiting)
        moved = _erase_again(spool, store)
        last = UUID(int=0)
        while go_on() and (records := spool.oldest(last, BATCH)):
            last = records[-1].id
            moved += _move(spool, store, records)
        log.warning("Moved %d records from the spool to the store.", moved)
        if moved and not spool.waiting() and spool.path.stat().st_size > SHRINK:
            with contextlib.suppress(sqlite3.Error, OSError):
                spool.shrink()
        return moved


def _move(spool: Spool, store: Store, records: list[Record]) -> int:
    """How many of these records left the spool: one that cannot be kept in the store is looked for by halves, so that
    it holds up no other."""
    durability = store.durability()  # before it is written: only what is written in that epoch is safe in it
    wrong = _copy(Batch(spool, records), store)
    if not wrong:
        spool.remove(records, durability)
        return len(records)
    if len(records) == 1:
        log.error("This record stays in the spool, as it cannot be kept in the store: %s", "; ".join(wrong))
        return 0
    half = len(records) // 2
    return _move(spool, store, records[:half]) + _move(spool, store, records[half:])


def _erase_again(spool: Spool, store: Store) -> int:
    """Erase what the store may have forgotten that it erased, before anything is moved there; how many erasures."""
    erasures = spool.waiting_erasures()
    for erasure in erasures:
        durability = store.durability()
        spool.keep_erasure(store.erase(erasure), durability)
    return len(erasures)


def _copy(batch: Batch, store: Store) -> list[str]:
    """What is wrong afterwards."""
    try:
        return copy(batch, store, again=True).wrong
    except StoreUnavailable:
        raise
    except UserError as error:
        return [str(error)]
