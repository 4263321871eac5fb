"""Settings -> store: the one setting names which."""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from mnist_predict.errors import BadRequest, NotFound
from mnist_predict.settings import Settings
from mnist_predict.store.cassandra.url import ClusterUrl
from mnist_predict.store.protocol import Store
from mnist_predict.store.spool.failover import SpooledStore
from mnist_predict.store.spool.spool import Spool, open_spool
from mnist_predict.store.sqlite.store import SqliteStore


def open_store(url: str) -> Store:
    """The store that a setting names: `sqlite:///relative/path`, `sqlite:////absolute/path` or `cassandra://...`.

    Nothing is opened yet: files and connections come with the first use, in the process that uses them.
    Raises `BadRequest` for any other url.
    """
    kind, _, rest = url.partition("://")
    if kind == "sqlite" and rest.startswith("/") and rest.strip("/"):
        return SqliteStore(Path(rest[1:]))
    if kind == "cassandra":
        if find_spec("cassandra") is None:
            raise BadRequest("This store needs its driver: pip install 'mnist-predict[cassandra]'.")
        from mnist_predict.store.cassandra.store import CassandraStore  # not on top: its driver may not be installed

        return CassandraStore(ClusterUrl.from_url(url))
    # A url may carry a password, so only its kind is repeated.
    raise BadRequest(
        f"The store setting begins with {kind.partition(':')[0]!r}, which is no store known here. "
        "Write sqlite:///folder/file.sqlite for a file below this folder, sqlite:////folder/file.sqlite, "
        "or cassandra://host:9042/keyspace."
    )


def open_existing_store(url: str) -> Store:
    """As `open_store`, for whoever must not create a store: raises `NotFound` where its file does not exist."""
    store = open_store(url)
    if isinstance(store, SqliteStore) and not store.path.exists():
        raise NotFound(f"There is no store {store.path}. Check its path, or create it: mnist-predict store init.")
    return store


def open_safe_store(settings: Settings) -> Store:
    """The store of the settings for whoever keeps what cannot be had again: one that may be away has its spool."""
    store, spool = open_store(settings.store_url), spool_of(settings)
    return SpooledStore(store, spool) if spool else store


def spool_of(settings: Settings) -> Spool | None:
    """The spool of the settings' store; None for a file of this machine, which cannot be away."""
    return None if settings.store_url.startswith("sqlite:") else open_spool(settings)


def data_place(store: str) -> str:
    """Where a store keeps its data, for people: a file's absolute path, or a url without its password."""
    if store.startswith("sqlite:///"):
        return str(Path(store.removeprefix("sqlite:///")).absolute())
    parts = urlsplit(store)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
