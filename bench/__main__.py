"""All measurements in one run, printed as tables: `make bench`. About ten minutes; let nothing else run."""

import datetime
import os
import platform

from rich.console import Console
from rich.table import Table

from bench import browser, growth, reading, stores
from bench.cold import cold
from bench.limit import commits, in_process
from bench.served import apache, load, memory, server

CLIENTS = 16
SECONDS = 12.0


def main() -> None:
    """Measure everything and print it."""
    table = Table(title=f"{datetime.datetime.now(datetime.UTC).date()}, {os.cpu_count()} cores, {platform.machine()}")
    for heading in ("what", "uploads/s", "of the limit", "p50 ms", "p99 ms", "p99/p50", "CPU ms an upload"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    limit = in_process(SECONDS)
    disk = commits(3)
    table.add_row("in-process limit", f"{limit['a_second']:.0f}", "1.00", "", "", "", f"{limit['cpu_ms']:.2f}")
    with server() as (port, pids):
        rows = {
            f"served, kept, {CLIENTS} clients": load(port, pids, CLIENTS, SECONDS, "together"),
            f"the same, head and body apart, {CLIENTS}": load(port, pids, CLIENTS, SECONDS, "apart"),
            "the same, 1 client": load(port, pids, 1, SECONDS / 2, "together"),
            "ab -k, one picture": apache(port, CLIENTS, 10_000),
        }
        used = memory(pids)
    for name, row in rows.items():
        if row is None:
            table.add_row(f"{name}: ab is not installed (Debian: apache2-utils)")
            continue
        table.add_row(
            name,
            f"{row['a_second']:.0f}",
            f"{row['a_second'] / limit['a_second']:.2f}",
            f"{row['p50_ms']:.1f}",
            f"{row['p99_ms']:.1f}",
            f"{row['p99_ms'] / row['p50_ms']:.1f}",
            f"{row['cpu_ms']:.2f}" if "cpu_ms" in row else "",
        )
    console = Console(width=120)
    console.print(table)
    first = rows[f"served, kept, {CLIENTS} clients"]
    if first:
        console.print(f"beyond decode, ink and network: {first['cpu_ms'] - limit['cpu_ms']:.2f} ms of CPU an upload")
    console.print(f"the disk makes {disk:.0f} single appends a second durable; memory of a worker: {used:.0f} MB")
    predict, bare = cold(15)
    console.print(
        f"cold predict {predict:.0f} ms, {predict / bare:.2f} times imports and one inference ({bare:.0f} ms)"
    )
    reading.main()
    browser.main()
    stores.main(limit["a_second"], CLIENTS, SECONDS)
    growth.main()


if __name__ == "__main__":
    main()
