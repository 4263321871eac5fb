"""Durable uploads a second on each store, what an upload costs in Cassandra, and how fast one store becomes another."""

import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.nodes import lacking, nodes
from bench.records import Maker, fill
from bench.served import cpu, load, server
from bench.trips import trips
from mnist_predict.store.opening import open_store
from mnist_predict.store.tools.copy import copy

COPIED = 10_000


def uploads(table: Table, name: str, limit: float, clients: int, seconds: float, store: str, nodes: list[int]) -> None:
    """A row: uploads a second, of the limit, latencies, and CPU of the service and of the nodes."""
    with server(store) as (port, pids):
        load(port, pids, clients, 5, "together")  # the nodes' code is compiled as it runs
        before = cpu(nodes)
        row = load(port, pids, clients, seconds, "together")
        of_nodes = (cpu(nodes) - before) / row["uploads"] * 1e3
    table.add_row(
        *(name, f"{row['a_second']:.0f}", f"{row['a_second'] / limit:.2f}", f"{row['p50_ms']:.1f}"),
        *(f"{row['p99_ms']:.1f}", f"{row['cpu_ms']:.2f}", f"{of_nodes:.2f}" if nodes else ""),
    )


def copies(urls: list[str], size: int) -> dict[str, float]:
    """Records a second of `store copy` from the first store to the second and on to a new third, with comparing."""
    stores = [open_store(url) for url in urls]
    fill(stores[0], Maker(), size, time.time())
    kept = stores[0].count()
    rates = {}
    for what, source, target in (("SQLite to one node", *stores[:2]), ("one node to SQLite", *stores[1:])):
        began = time.perf_counter()
        copied = copy(source, target)
        rates[what] = kept / (time.perf_counter() - began)
        if (copied.records, copied.wrong) != (kept, []):
            raise RuntimeError(f"{what}: {copied}")
    for store in stores:
        store.close()
    return rates


def main(limit: float, clients: int, seconds: float) -> None:
    """Measure and print; `limit` is what the machine can read in a second."""
    table = Table(title=f"durable uploads, {clients} clients")
    for heading in ("store", "uploads/s", "of the limit", "p50 ms", "p99 ms", "CPU ms: service", "nodes"):
        table.add_column(heading, justify="left" if heading == "store" else "right")
    uploads(table, "SQLite", limit, clients, seconds, "", [])
    lines = []
    if what := lacking():
        lines.append(what)
    else:
        with nodes() as cluster, tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            for count in (1, 3):
                cluster.start(count)
                url = cluster.url(count, f"bench_{count}") + f"?copies={count}"
                pids = [process.pid for process in cluster.processes.values()]
                uploads(table, f"Cassandra, nodes and copies: {count}", limit, clients, seconds, url, pids)
                if count == 1:
                    files = [f"sqlite:///{folder}/{name}.sqlite" for name in "ab"]
                    rates = copies([files[0], cluster.url(1, "bench_copy"), files[1]], COPIED)
                    lines += [f"store copy, {what}: {rate:.0f} records/s" for what, rate in rates.items()]
                    for what, (requests, statements, round_trips) in trips(url).items():
                        lines.append(
                            f"upload {what}: {requests} requests, {statements} statements, {round_trips} trips"
                        )
    console = Console(width=120)
    console.print(table)
    for line in lines:
        console.print(line)
