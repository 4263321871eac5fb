"""Erasing for good, some records at a time: a picture may have any number of them, and nobody is to wait for all."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic
from uuid import UUID

from mnist_predict.store.ids import new_id
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Erasure, Record
from mnist_predict.turns import Turns

SECONDS = 5.0  # after which a request begins no further part


def erase_together(
    store: Store, record: Record, by: str | None, forget: Callable[[Sequence[UUID]], None], turns: Turns
) -> Erasure:
    """Erase what goes with a record, in parts, each in a turn of its own, for about `SECONDS`.

    The record goes with the last part, so whoever is told that more is left may ask for the same again. `forget` is
    told the ids of each part. Raises `StoreUnavailable`, and the errors of `Turns.turn`.
    """
    start = monotonic()
    first, erased, complete = new_id(), set[UUID](), False
    while not complete and (not erased or monotonic() - start < SECONDS):
        with turns.turn():
            part = tuple(each.id for each in store.erased_with(record))
            done = store.erase(Erasure(new_id() if erased else first, part, by)).records
        complete = not part or record.id in done
        forget(done)
        erased.update(done)
    return replace(Erasure(first, tuple(sorted(erased)), by), complete=complete)
