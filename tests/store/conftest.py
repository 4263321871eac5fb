"""Every store under one contract: `url` names an empty one, `reopen` opens it, `store` is it opened."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from cassandra import ConsistencyLevel, OperationTimedOut, ReadFailure
from cassandra.cluster import NoHostAvailable
from cassandra_nodes import EXISTING

from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.cassandra.store import CassandraStore
from mnist_predict.store.cassandra.url import ClusterUrl
from mnist_predict.store.opening import open_store
from mnist_predict.store.protocol import Store

# Where a copy is on every node, and two of three must answer; macOS has one loopback address alone.
CLUSTER = "cassandra" if sys.platform == "darwin" else "cassandra-3"
T = TypeVar("T")


@pytest.fixture(scope="session", params=["sqlite", CLUSTER])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/made/on/first/use.sqlite"
    return str(request.getfixturevalue("emptied")(3 if kind.endswith("3") else 1))


@pytest.fixture(scope="session")
def emptied(cassandra_url: Callable[[int, str], str]) -> Iterator[Callable[[int], str]]:
    """The setting of a keyspace for the contract, emptied: to make it anew for each test would take minutes."""
    sessions: dict[str, Session] = {}

    def empty(count: int) -> str:
        setting = cassandra_url(count, f"contract_{count}_{os.getpid()}")
        if setting not in sessions:
            store = open_store(setting)
            store.check_writable()
            store.close()
            sessions[setting] = Session(ClusterUrl.from_url(setting))
        session = sessions[setting]
        select = "select table_name from system_schema.tables where keyspace_name = %s"
        found = _patiently(lambda: session.execute(select, session.place.keyspace))
        tables = [table for [table] in found if "migration" not in table]

        def truncate(table: str) -> None:
            # To truncate takes longer than to look; a write that failed may be on one node alone.
            try:
                is_empty = not session.execute(f"select * from {table} limit 1", consistency=ConsistencyLevel.ALL)
            except ReadFailure:  # very much was deleted there
                is_empty = False
            if not is_empty:
                session.execute(f"truncate {table}")

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda table: _patiently(lambda: truncate(table)), tables))
        return setting

    yield empty
    for session in sessions.values():
        if EXISTING in os.environ:
            session.driver.execute(f"drop keyspace {session.place.keyspace}")
        session.close()


def _patiently(action: Callable[[], T]) -> T:
    """Repeat an action until the session has found the nodes again, which a test before may have killed."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return action()
        except (NoHostAvailable, OperationTimedOut):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@pytest.fixture
def reopen(url: str) -> Iterator[Callable[[], Store]]:
    opened: list[Store] = []

    def open_again() -> Store:
        opened.append(open_store(url))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Store:
    return reopen()


@pytest.fixture
def cassandra_link(cassandra_copy: CassandraStore) -> Session:
    """The session of that store, to look behind it."""
    with cassandra_copy._using() as session:
        return session


@pytest.fixture
def cassandra_copy(emptied: Callable[[int], str]) -> Iterator[CassandraStore]:
    """An empty store on one node."""
    store = CassandraStore(ClusterUrl.from_url(emptied(1)))
    yield store
    store.close()
