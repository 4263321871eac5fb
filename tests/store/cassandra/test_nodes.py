"""What the service knows of a cluster's nodes: how they sync, and whether one has died or started anew."""

import random
from collections.abc import Callable

import pytest
from cassandra_nodes import GROUP, PERIODIC, Nodes
from store_examples import record_of, until

from mnist_predict.errors import StoreUnavailable
from mnist_predict.store.cassandra.nodes import DEFAULT_PERIOD, sync_period
from mnist_predict.store.durability import Durability
from mnist_predict.store.opening import open_store


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({"commitlog_sync": "periodic", "commitlog_sync_period_in_ms": "10000"}, 10),  # 4.0
        ({"commitlog_sync": "periodic", "commitlog_sync_period": "10s", "commitlog_sync_period_in_ms": "10000"}, 10),
        ({"commitlog_sync": "periodic", "commitlog_sync_period": "250ms"}, 0.25),
        ({"commitlog_sync": "periodic", "commitlog_sync_period": "2m"}, 120),
        ({"commitlog_sync": "periodic", "commitlog_sync_period": "soon"}, DEFAULT_PERIOD),
        ({"commitlog_sync": "group", "commitlog_sync_period": "0ms"}, 0),
        ({"commitlog_sync": "batch", "commitlog_sync_period_in_ms": "10000"}, 0),
        ({}, DEFAULT_PERIOD),
    ],
)
def test_the_period_of_a_nodes_settings(settings: dict[str, str], seconds: float) -> None:
    assert sync_period(settings) == seconds


def test_a_node_that_starts_anew_has_another_epoch_and_is_asked_again_how_it_syncs(nodes: Nodes) -> None:
    nodes.start(1)
    store = open_store(nodes.url(1, f"test_{random.randbytes(5).hex()}"))
    first = store.durability()
    assert first == Durability(0, first.epoch) == store.durability(look=True)
    assert nodes.addresses[0] in first.epoch
    nodes.sync = PERIODIC
    try:
        nodes.kill(0)
        with pytest.raises(StoreUnavailable):
            store.durability(look=True)
        nodes.start(1)
        until(_looks(store.durability), 120)
        second = store.durability()
        assert second.sync_period == 10
        assert second.epoch != first.epoch
        store.add(record_of(b"picture"), b"picture")
        assert store.durability(look=True) == second
    finally:
        nodes.sync = GROUP
        nodes.kill(0)
        store.close()


def test_a_node_of_three_that_dies_and_returns_changes_the_epoch_twice(nodes: Nodes) -> None:
    nodes.start(3)
    store = open_store(nodes.url(3, f"test_{random.randbytes(5).hex()}"))
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


def _looks(durability: Callable[..., Durability]) -> Callable[[], bool]:
    def look() -> bool:
        try:
            durability(look=True)
        except StoreUnavailable:
            return False
        return True

    return look
