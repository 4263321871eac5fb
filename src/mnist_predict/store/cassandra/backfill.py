"""What newer tables have of older records, made while the schema of a store is brought up to date.

Broken off, it is begun again, and writes the same rows once more. Services of the version before must not run
meanwhile: what they keep is not found by searches, nor by who erases its picture.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from uuid import UUID

from mnist_predict.store.cassandra.search import newest
from mnist_predict.store.cassandra.session import Link
from mnist_predict.store.cassandra.write import put_index, put_pictures
from mnist_predict.store.record import Record
from mnist_predict.store.search import END

TOGETHER = 500  # records

log = logging.getLogger("mnist_predict.store")


def fill(link: Link, steps: Iterable[str], renew: Callable[[], None]) -> None:
    """Write what these steps of the schema need of all records; may be repeated.

    `renew` is called every few seconds.
    """
    names = [step.partition("_")[2] for step in steps]
    fillers = [_FILLERS[name] for name in names if name in _FILLERS]
    if not fillers:
        return
    records = newest(link, UUID(int=0), END, TOGETHER)
    done = 0
    while together := list(islice(records, TOGETHER)):
        if not done:
            log.warning("Making what newer tables need of the records that are kept. That takes minutes for a million.")
        for filler in fillers:
            filler(link, together)
        done += len(together)
        renew()
    if done:
        log.warning("Newer tables have %d records now.", done)


def _list(link: Link, records: Sequence[Record]) -> None:
    """List records where an eraser looks for them."""
    put_pictures(link, records, {})


_FILLERS: dict[str, Callable[[Link, Sequence[Record]], None]] = {"search.cql": put_index, "erased.cql": _list}
