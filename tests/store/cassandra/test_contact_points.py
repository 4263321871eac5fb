"""Several hosts are named and most of them are not there, as in the image; Cassandra's settings as in compose.yaml."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import Cluster
from cassandra_nodes import PASSWORD, Nodes
from store_examples import record_of

from mnist_predict.errors import StoreUnavailable
from mnist_predict.store.opening import open_store
from mnist_predict.store.protocol import Store

REFUSING = "127.66.6.6"  # nobody listens there
CASSANDRAS_DEFAULT = "commitlog_sync: periodic\ncommitlog_sync_period: 10000ms"  # as in its image


@pytest.fixture
def silent() -> Iterator[str]:
    """An address where connections are taken and nobody ever says anything."""
    with socket.create_server(("127.77.7.7", 9042)):
        yield "127.77.7.7"


def wait_for(store: Store) -> None:
    """Until it answers: a busy machine may need more than one attempt."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return store.check_writable()
        except StoreUnavailable:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def test_hosts_that_are_not_there_are_passed_over(nodes: Nodes, emptied: Callable[[int], str], silent: str) -> None:
    url = emptied(1).replace("@", f"@cassandra.invalid,{REFUSING},{silent},")
    store = open_store(url)
    wait_for(store)
    kept = store.add(record_of(b"picture"), b"picture")
    assert store.get(kept.id) == kept
    store.close()


@pytest.mark.parametrize("hosts", ["cassandra.invalid", f"cassandra.invalid,also.invalid,{REFUSING}"])
def test_where_no_host_is_there_the_error_tells_how_to_name_another_store(hosts: str) -> None:
    store = open_store(f"cassandra://{hosts}:9042/mnistpredict")
    with pytest.raises(StoreUnavailable, match=r"cannot be reached.*name another store with MNIST_PREDICT_STORE"):
        store.check_writable()
    store.close()


def test_cassandra_takes_the_settings_of_compose(
    nodes: Nodes, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is acknowledged is on the disk: the commit log is synced before."""
    service = yaml.safe_load((root / "compose.yaml").read_text())["services"]["cassandra"]
    monkeypatch.setenv("JDK_JAVA_OPTIONS", service["environment"]["JVM_EXTRA_OPTS"])
    one = Nodes(tmp_path, sync=CASSANDRAS_DEFAULT)
    try:
        one.start(1)
        who = PlainTextAuthProvider("cassandra", PASSWORD)
        patient = {"connect_timeout": 60, "control_connection_timeout": 60}
        with Cluster([one.addresses[0]], protocol_version=5, auth_provider=who, **patient) as cluster:
            rows = cluster.connect().execute("select name, value from system_views.settings", timeout=60)
            settings = dict(rows)
    finally:
        one.stop()
    assert settings["commitlog_sync"] == "group"
    assert settings["commitlog_sync_group_window"] == "2ms"
