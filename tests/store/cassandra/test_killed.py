"""Nodes that are killed: what they had acknowledged, what is known of them, a service that starts without its store."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from cassandra_nodes import GROUP, PERIODIC, Nodes
from chaos_load import Serving, picture, serving
from store_examples import record_of, until

from mnist_predict.errors import StoreUnavailable
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.cassandra.url import ClusterUrl
from mnist_predict.store.durability import Durability
from mnist_predict.store.opening import open_store
from mnist_predict.store.spool.spool import Spool
from mnist_predict.store.tools.copy import everything

PICTURE = b"picture"


def answered(ask: Callable[[], object]) -> Callable[[], bool]:
    """Whether the store answers what is asked, to be waited for."""

    def asked() -> bool:
        try:
            ask()
        except StoreUnavailable:
            return False
        return True

    return asked


def test_a_killed_node_comes_back_with_all_that_was_acknowledged(nodes_to_kill: Nodes) -> None:
    nodes_to_kill.start(1)
    store = open_store(nodes_to_kill.url(1, "killed"))
    store.check_writable()
    kept = []
    with ThreadPoolExecutor(8) as threads:
        writing = [threads.submit(store.add, record_of(PICTURE), PICTURE) for _ in range(2000)]
        writing[100].result()
        nodes_to_kill.kill(0)
        for write in writing:
            if write.exception() is None:
                kept.append(write.result().id)
            else:
                assert isinstance(write.exception(), StoreUnavailable)
    assert 50 < len(kept) < 2000
    nodes_to_kill.start(1)
    until(answered(store.check_writable))
    assert set(kept) <= {record.id for record in everything(store)}
    after = store.add(record_of(PICTURE), PICTURE)
    assert store.page(limit=1) == [after]
    store.close()


def test_a_node_that_starts_anew_has_another_epoch_and_is_asked_again_how_it_syncs(nodes_to_kill: Nodes) -> None:
    nodes = nodes_to_kill
    nodes.start(1)
    store = open_store(nodes.url(1, "killed"))
    first = store.durability()
    assert first == Durability(0, first.epoch) == store.durability(look=True)
    assert nodes.addresses[0] in first.epoch
    nodes.sync = PERIODIC
    try:
        nodes.kill(0)
        with pytest.raises(StoreUnavailable):
            store.durability(look=True)
        nodes.start(1)
        until(answered(lambda: store.durability(look=True)), 120)
        second = store.durability()
        assert second.sync_period == 10
        assert second.epoch != first.epoch
        store.add(record_of(PICTURE), PICTURE)
        assert store.durability(look=True) == second
    finally:
        nodes.sync = GROUP
        nodes.kill(0)
        store.close()


def test_a_node_of_three_that_dies_and_returns_changes_the_epoch_twice(nodes_to_kill: Nodes) -> None:
    nodes = nodes_to_kill
    nodes.start(3)
    store = open_store(nodes.url(3, "chaos_3"))  # which the faults of three nodes use, too
    alive = until(lambda: store.durability(look=True).epoch)
    assert all(address in alive for address in nodes.addresses)
    nodes.pause(2)  # to the others it is alive for some seconds more
    try:
        dead = until(lambda: "dead" in (epoch := store.durability(look=True).epoch) and epoch, 60)
    finally:
        nodes.resume(2)
    assert dead != alive
    assert until(lambda: store.durability(look=True).epoch == alive, 60)
    nodes.kill(2)
    assert until(lambda: store.durability(look=True).epoch == dead, 60)
    nodes.start(3)
    again = until(lambda: "dead" not in (epoch := store.durability(look=True).epoch) and epoch, 60)
    assert again not in (alive, dead)
    store.close()


def test_it_starts_without_its_store_and_moves_what_waits_before_it_stops(nodes_to_kill: Nodes, tmp_path: Path) -> None:
    nodes = nodes_to_kill
    nodes.start(1)
    secret = f"secret{random.randbytes(5).hex()}"
    session = Session(ClusterUrl.from_url(nodes.url(1)))
    session.driver.execute(f"create role {secret}role with superuser = true and login = true and password = '{secret}'")
    session.close()
    url = nodes.url(1, f"test_{random.randbytes(5).hex()}").replace("cassandra:cassandra@", f"{secret}role:{secret}@")
    service = Serving(tmp_path / "served", url)
    spool = Spool(tmp_path / "served/instance/spool.sqlite", 1)
    nodes.kill(0)
    with serving(service):
        answers = [
            requests.post(f"{service.url}/uploads", files={"file": ("a.png", picture(i))}, timeout=60)
            for i in range(20)
        ]
        said = [answer.text for answer in answers] + [
            service.says(page) for page in ("/readyz", "/metrics", "/records")
        ]
        assert {answer.status_code for answer in answers} == {200}
        assert "store away, uploads go to the spool" in service.says("/readyz")
        assert spool.waiting() == 20
        nodes.start(1)
        service.stop()  # at once, most likely before it has found the store back
    assert spool.waiting() == 0
    store = open_store(url)
    assert all(str(record.id) in "".join(said) for record in everything(store))
    assert store.count() == 20
    store.close()
    log = service.log.read_text()
    assert "The store does not answer yet" in log
    assert "Moved 20 records" in log
    assert not [text for text in (*said, log) if secret in text.replace(f"{secret}role", "")]
