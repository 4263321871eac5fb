"""Nothing that was acknowledged is lost, whatever dies: `make chaos` runs every fault in full and prints the figures.

The short forms are in test_chaos.py. Each fault strikes real services and real Cassandra nodes under load from eight
clients; afterwards every id that was answered is looked up, every picture compared with what was sent.
"""

import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import requests
from cassandra_nodes import GROUP, PERIODIC, Nodes, lacking
from chaos_disks import SQLITE, disk_full, disk_read_only, small_disk
from chaos_load import NOBODY, Load, Serving, picture, serving
from chaos_verdict import Verdict, verdict
from rich.console import Console
from rich.table import Table
from store_examples import until

from mnist_predict.store.spool.spool import Spool

KILLS = int(os.environ.get("CHAOS_KILLS", "20"))
ONLY = os.environ.get("CHAOS_ONLY", "")  # faults whose name has this in it
UPLOADS = 100  # before each kill
COUNTS = (1, 3)
SYNCS = {PERIODIC: "periodic", GROUP: "group"}


@dataclass
class Bed:
    """Where a fault is tried: nodes, how many of them a store has, and how many uploads each phase takes."""

    nodes: Nodes
    count: int
    store: str
    folder: Path
    uploads: int

    def service(self, name: str = "service", skew: int = 0) -> Serving:
        """A service on the store of this bed."""
        return Serving(self.folder / name, self.store, skew)


def service_killed(bed: Bed, times: int = 3) -> Verdict:
    """kill -9 of the service, several times."""
    service = bed.service()
    with serving(service), Load(service) as load:
        for _ in range(times):
            load.reach(bed.uploads)
            service.kill()
            service.start()
        load.reach(bed.uploads)
        return verdict(load.stop(), bed.store, service)


def nodes_killed(bed: Bed, killed: int, times: int = 1, away: int = 25, with_service: bool = False) -> Verdict:
    """kill -9 of so many nodes at once, the last ones, several times; started again after `away` uploads.

    `with_service`: kill -9 of the service in the same moment, too. It is started again at once. A second one, with a
    spool of its own, takes half of the load and lives on; what one left unanswered may be asked of the other again.
    """
    service = bed.service()
    services = [service, bed.service("other")] if with_service else [service]
    with serving(*services), Load(*services) as load:
        for _ in range(times):
            load.reach(bed.uploads)
            for i in range(bed.count - killed, bed.count):
                bed.nodes.kill(i)
            if with_service:
                service.kill()
                service.start()
            load.reach(away)
            with load.resting():
                bed.nodes.start(bed.count)
                for each in services:  # so that it is the store that answers before the next kill
                    each.be_well(300)
        load.reach(bed.uploads)
        return verdict(load.stop(), bed.store, *services)


def killed_while_it_replays(bed: Bed, times: int = 3) -> Verdict:
    """Cassandra stopped, and the service killed while it moves what waited, several times."""
    service = bed.service()
    spool = Spool(service.folder / "instance" / "spool.sqlite", 1)

    def moves() -> int:
        return service.log.read_text().count("Moving")

    with serving(service):
        with Load(service) as load:
            load.reach(bed.uploads)
            for i in range(bed.count):
                bed.nodes.kill(i)
            load.reach(bed.uploads)
            books = load.stop()
        bed.nodes.start(bed.count)
        begun = 0
        for attempt in range(times):
            until(lambda begun=begun: moves() > begun or not spool.waiting(), 240)
            begun = moves()
            time.sleep(attempt * 0.1)
            service.kill()
            service.start()
        return verdict(books, bed.store, service)


def node_paused(bed: Bed, seconds: float) -> Verdict:
    """SIGSTOP of a node: it keeps its connections and says nothing; SIGCONT after a while."""
    service = bed.service()
    with serving(service), Load(service) as load:
        load.reach(bed.uploads)
        bed.nodes.pause(bed.count - 1)
        try:
            time.sleep(seconds)
            load.reach(bed.uploads)
        finally:
            bed.nodes.resume(bed.count - 1)
        load.reach(bed.uploads)
        return verdict(load.stop(), bed.store, service)


def clocks_apart(bed: Bed) -> Verdict:
    """Two services, one five minutes ahead, one five minutes behind, which label each other's records in turn."""
    ahead, behind = bed.service("ahead", skew=300), bed.service("behind", skew=-300)
    with serving(ahead, behind), Load(ahead, behind) as load:
        load.reach(bed.uploads)
        ids = [_upload(service, i) for i, service in enumerate((ahead, behind))]
        for number in (1, 3, 5):
            _label_and_look(ids, number, ahead, [ahead, behind])
            _label_and_look(ids, number + 1, behind, [ahead, behind])
        load.reach(bed.uploads)
        books = load.stop()
        _label_while_the_store_is_away(bed, ahead, behind)
        return verdict(books, bed.store, ahead, behind)


def _label_and_look(ids: list[str], number: int, by: Serving, seen_by: list[Serving]) -> None:
    """Label records; the label is then the newest to every service, at once."""
    for record_id in ids:
        form = {"record": record_id, "number": str(number)}
        requests.post(f"{by.url}/uploads/record", data=form, timeout=60).raise_for_status()
        for service in seen_by:
            assert _labels(service, record_id)[0] == str(number)


def _label_while_the_store_is_away(bed: Bed, ahead: Serving, behind: Serving) -> None:
    """What was labelled in the spool of one, its clock ahead, is later labelled by the other: that is the newest."""
    for i in range(bed.count):
        bed.nodes.kill(i)
    record_id = _upload(ahead, 2)
    _label_and_look([record_id], 50, ahead, [ahead])
    _label_and_look([record_id], 51, ahead, [ahead])
    bed.nodes.start(bed.count)
    for service in (ahead, behind):
        service.be_well(240)
    assert _labels(behind, record_id) == ["51", "50"]
    _label_and_look([record_id], 52, behind, [ahead, behind])


def _labels(service: Serving, record_id: str) -> list[str]:
    answer = requests.get(f"{service.url}/records/{record_id}", headers={"Accept": "application/json"}, timeout=60)
    answer.raise_for_status()
    return [label["number"] for label in answer.json()["labels"]]


def _upload(service: Serving, number: int) -> str:
    files = {"file": ("labelled.png", picture(number))}
    answer = requests.post(f"{service.url}/uploads", files=files, headers={"Accept": "application/json"}, timeout=120)
    answer.raise_for_status()
    return str(answer.json()["id"])


def time_to_answer(folder: Path, uploads: int) -> tuple[float, float]:
    """Median seconds of an upload by one client: on SQLite, and while Cassandra is away, in turn."""
    on_sqlite = Serving(folder / "sqlite", SQLITE, workers="1")
    away = Serving(folder / "away", NOBODY, workers="1")
    took: dict[Serving, list[float]] = {on_sqlite: [], away: []}
    with serving(on_sqlite, away), requests.Session() as session:
        for i in range(uploads):
            for service, seconds in took.items():
                start = time.perf_counter()
                files = {"file": ("a.png", picture(i))}
                session.post(f"{service.url}/uploads", files=files, timeout=60).raise_for_status()
                seconds.append(time.perf_counter() - start)
    return sorted(took[on_sqlite])[uploads // 2], sorted(took[away])[uploads // 2]


def main() -> None:
    """Try every fault in full."""
    if what := lacking():
        raise SystemExit(what)
    table = Table(title="Nothing lost")
    for heading in (
        *("fault", "uploads", "of them spooled", "labels, by hand", "erased", "sent again", "503 or none"),
        *("slowest s", "well after s", "lost", "back", "twice", "pictures wrong", "failed later"),
    ):
        table.add_column(heading, justify="left" if heading == "fault" else "right")
    console, bad = Console(width=150), False

    def note(fault: str, strike: Callable[[], Verdict]) -> None:
        nonlocal bad
        try:
            one = strike()
        except Exception as error:  # the other faults are tried all the same
            bad = True
            console.print_exception()
            table.add_row(fault, f"{type(error).__name__}: {error}")
            return
        bad = bad or not one.well
        books = one.books
        figures = (
            *(len(books.answers), books.spooled, len(books.labels) + len(books.by_hand), len(books.erased)),
            *(books.again, sum(books.refused.values()), f"{books.slowest:.1f}", f"{one.seconds:.0f}"),
            *(one.lost, one.back, one.twice, one.altered, one.failed_later),
        )
        table.add_row(fault, *map(str, figures))
        console.print(f"{fault}: {'well' if one.well else 'NOT WELL'} {figures}")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count, sync in product(COUNTS, SYNCS):
            nodes = Nodes(folder / f"{SYNCS[sync]} {count}", sync=sync)
            try:
                nodes.start(count)
                faults(nodes, count, folder, note)
            finally:
                nodes.stop()
        for fault in (disk_full, disk_read_only):
            for store in (SQLITE, NOBODY):
                kind = "spool" if store == NOBODY else "SQLite"
                with small_disk(folder / f"{fault.__name__} {kind}") as disk:
                    if disk:
                        note(f"{fault.__name__.replace('_', ' ')}, {kind}", partial(fault, disk, 300, store))
                    else:
                        console.print(f"{fault.__name__}: mounting a small disk is not permitted here")
        sqlite, away = time_to_answer(folder, 1000)
    console.print(table)
    console.print(
        f"an upload, one client: {1e3 * sqlite:.2f} ms on SQLite, {1e3 * away:.2f} ms while Cassandra is away: "
        f"{away / sqlite:.2f} times"
    )
    raise SystemExit(bad)


def faults(nodes: Nodes, count: int, folder: Path, note: Callable[[str, Callable[[], Verdict]], None]) -> None:
    """Every fault of services and nodes, on so many nodes."""
    how = f"{'one node' if count == 1 else 'three nodes'}, {SYNCS[nodes.sync]}"

    def fault(name: str, strike: Callable[..., Verdict], **options: int) -> None:
        if ONLY not in f"{name}, {how}":
            return
        nodes.start(count)  # one that failed may have left some of them dead
        number = next(numbers)
        bed = Bed(nodes, count, nodes.url(count, f"chaos_{count}_{number}"), folder / f"{how} {number}", UPLOADS)
        note(f"{name}, {how}", lambda: strike(bed, **options))

    numbers = itertools.count()
    fault(f"service killed {KILLS} times", service_killed, times=KILLS)
    for killed in range(1, count + 1):
        which = "all nodes" if killed == count else f"{killed} of {count} nodes"
        fault(f"{which} killed {KILLS} times", nodes_killed, killed=killed, times=KILLS)
    fault(f"all nodes and the service killed {KILLS} times", nodes_killed, killed=count, times=KILLS, with_service=True)
    fault("Cassandra stopped for 1,000 uploads", nodes_killed, killed=count, away=1000)
    fault(f"service killed {KILLS} times while it replays", killed_while_it_replays, times=KILLS)
    fault("a node paused", node_paused, seconds=20)
    fault("clocks 10 minutes apart", clocks_apart)


if __name__ == "__main__":
    sys.exit(main())
