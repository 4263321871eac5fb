"""How long a node takes to sync what it has acknowledged, as its settings say; test_killed.py asks real nodes."""

import pytest

from mnist_predict.store.cassandra.nodes import DEFAULT_PERIOD, sync_period


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
