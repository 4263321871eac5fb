"""What a service does with its store before its workers start and after they have ended."""

import logging
import time

from mnist_predict.errors import StoreRefused, StoreUnavailable
from mnist_predict.settings import Settings
from mnist_predict.store.opening import open_store, spool_of
from mnist_predict.store.spool.replay import replay
from mnist_predict.store.spool.spool import open_spool
from mnist_predict.store.spool.volume import is_ephemeral

SECONDS_TO_DRAIN = 10

log = logging.getLogger("mnist_predict.store")


def check(settings: Settings) -> None:
    """Check the store before the start. One that is away is no reason not to start where there is a spool.

    Raises `StoreRefused` for what only a person can mend, and `StoreUnavailable` where there is no spool.
    """
    store, spool = open_store(settings.store_url), spool_of(settings)
    try:
        store.check_writable()
    except StoreUnavailable as error:
        if spool is None or isinstance(error, StoreRefused):
            raise
        log.warning(
            "The store does not answer yet. Uploads are kept in the spool %s until it does. %s", spool.path, error
        )
    finally:
        store.close()
    if spool is None and (other := open_spool(settings).path).exists():
        log.warning(
            "The spool %s of another store is not used. To have what waits in it in this one: "
            "mnist-predict store copy sqlite:///%s %s",
            *(other, other, settings.store_url),
        )
    if spool is not None and is_ephemeral(spool.path.parent):
        log.warning("%s is on no volume: what waits in the spool goes with this container.", spool.path.parent)


def drain(settings: Settings) -> None:
    """Move what waits to the store, now that no worker writes any more."""
    spool = spool_of(settings)
    if spool is None:
        return
    store = open_store(settings.store_url)
    until = time.monotonic() + SECONDS_TO_DRAIN
    try:
        replay(spool, store, lambda: time.monotonic() < until)
        if waiting := spool.waiting():
            log.warning("%d records wait in the spool %s. The next start moves them.", waiting, spool.path)
    except (StoreUnavailable, OSError) as error:
        log.warning("What waits in the spool %s is moved by the next start. %s", spool.path, error)
    store.close()
    spool.close()
