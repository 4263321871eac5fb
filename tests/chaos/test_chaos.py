"""Nothing that was acknowledged is lost, whatever dies: the short forms of chaos.py, under load from eight clients."""

import random
from collections.abc import Iterator
from pathlib import Path

import chaos_disks
import pytest
from cassandra_nodes import GROUP, PERIODIC, Nodes
from chaos_load import NOBODY
from chaos_verdict import Verdict

import chaos


@pytest.fixture
def bed(nodes: Nodes, tmp_path: Path, request: pytest.FixtureRequest) -> chaos.Bed:
    """One node, or three; 25 uploads before, during and after each fault."""
    count = 3 if "of_three" in request.node.name else 1
    nodes.start(count)
    store = nodes.url(count, f"chaos_{random.randbytes(5).hex()}")
    return chaos.Bed(nodes, count, store, tmp_path, 25)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with chaos_disks.small_disk(tmp_path / "disk") as mounted:
        if mounted is None:
            pytest.skip("mounting a small disk is not permitted here")
        yield mounted


def check(verdict: Verdict, spooled: bool = False) -> None:
    assert verdict.well, verdict
    assert len(verdict.books.answers) > 60
    assert verdict.books.again
    if spooled:
        assert verdict.books.spooled


def test_the_service_is_killed(bed: chaos.Bed) -> None:
    verdict = chaos.service_killed(bed, times=2)
    check(verdict)
    assert verdict.books.refused["no answer"]


def test_all_nodes_are_killed_and_the_service_too_while_it_replays(bed: chaos.Bed) -> None:
    check(chaos.killed_while_it_replays(bed, times=2), spooled=True)


def test_a_node_is_paused(bed: chaos.Bed) -> None:
    check(chaos.node_paused(bed, seconds=1), spooled=True)


def test_the_clocks_of_two_services_are_ten_minutes_apart(bed: chaos.Bed) -> None:
    check(chaos.clocks_apart(bed))


def test_a_node_as_it_is_by_default_is_killed_three_times(bed: chaos.Bed) -> None:
    """It loses what it has acknowledged in the last tenth of a second; once the service dies with it."""
    bed.nodes.sync = PERIODIC
    bed.nodes.kill(0)
    bed.nodes.start(1)
    try:
        check(chaos.nodes_killed(bed, killed=1, times=2))
        check(chaos.nodes_killed(bed, killed=1, with_service=True))
    finally:
        bed.nodes.sync = GROUP
        bed.nodes.kill(0)


def test_one_node_of_three_is_killed_and_returns(bed: chaos.Bed) -> None:
    check(chaos.nodes_killed(bed, killed=1))


@pytest.mark.parametrize("store", [chaos_disks.SQLITE, NOBODY], ids=["sqlite", "spool"])
def test_the_disk_fills_up(disk: Path, store: str) -> None:
    check(chaos_disks.disk_full(disk, 25, store))


@pytest.mark.parametrize("store", [chaos_disks.SQLITE, NOBODY], ids=["sqlite", "spool"])
def test_the_disk_is_read_only(disk: Path, store: str) -> None:
    check(chaos_disks.disk_read_only(disk, 25, store))
