"""Traits for the records of a store that kept none, made while its schema is brought up to date.

Broken off, it is begun again, and writes the same rows once more. Services of the version before must not run
meanwhile: what they keep has no traits.
"""

import logging
from collections.abc import Callable
from itertools import islice
from uuid import UUID

from mnist_predict.store.cassandra_link import Link
from mnist_predict.store.cassandra_search import newest
from mnist_predict.store.cassandra_write import put_traits
from mnist_predict.store.search import END

TOGETHER = 500  # records

log = logging.getLogger("mnist_predict.store")


def fill(link: Link, renew: Callable[[], None]) -> None:
    """Write the traits of all records; may be repeated. `renew` is called every few seconds."""
    records = newest(link, UUID(int=0), END, TOGETHER)
    done = 0
    while together := list(islice(records, TOGETHER)):
        if not done:
            log.warning("Making what searches need of the records that are kept. That takes minutes for a million.")
        put_traits(link, together)
        done += len(together)
        renew()
    if done:
        log.warning("%d records can be searched now.", done)
