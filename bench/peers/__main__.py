"""What a user would pick instead, and this service: `python -m bench.peers`. Seven minutes; let nothing else run.

The same pictures, the same reader in process, a worker process for each core, clients and all on the same cores. The
peers are the newest from the package index, installed into a folder that goes away again; they keep nothing. This
service keeps every upload in SQLite before it answers. In each round each server is started anew and measured.
"""

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from importlib.metadata import distributions
from itertools import chain
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

from bench.pictures import pictures
from bench.served import load, server
from mnist_predict.vision.load import decoding
from mnist_predict.vision.recognizer import open_recognizer

ROUNDS, CLIENTS, WARM, SECONDS = 5, 16, 3.0, 10.0
PATIENCE = 60.0  # seconds for a server to start
CORES = os.cpu_count() or 1
PACKAGES = ("fastapi", "uvicorn[standard]", "python-multipart", "flask", "gunicorn", "litserve")
# How their documentation starts them. Of gunicorn's threads it says: two to four for each core.
COMMANDS = {
    "FastAPI": f"uvicorn bench.peers.fastapi_app:app --port PORT --workers {CORES}",
    "Flask": f"gunicorn bench.peers.flask_app:app --bind 127.0.0.1:PORT --workers {CORES} --threads {2 * CORES}",
    "LitServe": "bench.peers.litserve_app PORT",
}
OURS = "this service, durable"
GOALS = {"FastAPI": 1.2, "LitServe": 1.5}  # times the uploads/s of these
WORST = 4.0  # p99 over p50, at most

Served = tuple[int, list[int]]  # the port of a server, and its workers
Row = dict[str, float]


def install(folder: str) -> list[str]:
    """Install the peers there; the packages with their versions."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--target", folder]
    subprocess.run([*pip, *PACKAGES], check=True)
    names = {name.partition("[")[0] for name in PACKAGES}
    found = {each.name.lower(): each.version for each in distributions(path=[folder])}
    return [f"{name} {found[name]}" for name in sorted(names)]


@contextmanager
def peer(command: str, packages: str) -> Iterator[Served]:
    """A peer, all of whose workers load the reader. Raises `RuntimeError` where it does not start."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    words = [sys.executable, "-m", *command.replace("PORT", str(port)).split()]
    path = os.pathsep.join(filter(None, [packages, os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryFile(dir=packages) as log:
        process = subprocess.Popen(
            words, env=os.environ | {"PYTHONPATH": path}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            until = time.monotonic() + PATIENCE
            while not listens(port) or readers(process.pid) < CORES:
                if process.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    raise RuntimeError(f"{command}\n{log.read().decode()}")
                time.sleep(0.1)
            yield port, [process.pid]
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # they keep nothing, and some leave processes behind
            process.wait()


def listens(port: int) -> bool:
    """Whether there is a server."""
    with closing(socket.socket()) as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def readers(pid: int) -> int:
    """How many readers a server has: each has a process that decodes."""
    return sum(decoding.__name__ in Path(f"/proc/{each}/cmdline").read_text() for each in family(pid))


def family(pid: int) -> list[int]:
    """A process, its children and theirs."""
    children = [task.read_text().split() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    return [pid, *chain.from_iterable(family(int(child)) for child in chain.from_iterable(children))]


def measure(served: Served, picture: bytes, numbers: list[Any]) -> Row:
    """Load a server; raises `RuntimeError` where it does not see in the picture what the reader sees: `numbers`."""
    port, workers = served
    answer = requests.post(
        f"http://127.0.0.1:{port}/uploads",
        files={"file": ("a.png", picture)},
        headers={"Accept": "application/json"},
        timeout=PATIENCE,
    )
    if answer.json()["numbers"] != numbers:
        raise RuntimeError(answer.text)
    load(port, [], CLIENTS, WARM, "together")
    pids = list(chain.from_iterable(map(family, workers)))
    return load(port, pids, CLIENTS, SECONDS, "together")


def main() -> None:
    """Measure in turn and print."""
    picture = pictures(1)[0]
    numbers = open_recognizer("").read(picture).to_dict()["numbers"]
    rows: dict[str, list[Row]] = {name: [] for name in (*COMMANDS, OURS)}
    with tempfile.TemporaryDirectory() as packages:
        versions = install(packages)
        ways: dict[str, Callable[[], AbstractContextManager[Served]]] = {
            name: partial(peer, command, packages) for name, command in COMMANDS.items()
        } | {OURS: server}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                with way() as served:
                    rows[name].append(measure(served, picture, numbers))
    report(rows, versions)


def report(rows: dict[str, list[Row]], versions: list[str]) -> None:
    """Print medians of the rounds; ratios are taken within each round."""
    table = Table(title=f"uploads, {CLIENTS} clients, {CORES} cores, medians of {ROUNDS} rounds")
    over = [f"/ {name}" for name in GOALS]
    for heading in ("server", "uploads/s", "range", *over, "p50 ms", "p99 ms", "p99/p50", "CPU ms an upload"):
        table.add_column(heading, justify="left" if heading == "server" else "right")
    for name, mine in rows.items():
        rates = [row["a_second"] for row in mine]
        table.add_row(
            name,
            f"{statistics.median(rates):.0f}",
            f"{min(rates):.0f}-{max(rates):.0f}",
            *(f"{times(mine, rows[other]):.2f}" for other in GOALS),
            *(f"{statistics.median(row[which] for row in mine):.1f}" for which in ("p50_ms", "p99_ms")),
            f"{spread(mine):.1f}",
            f"{statistics.median(row['cpu_ms'] for row in mine):.2f}",
        )
    console = Console(width=120)
    console.print(table)
    console.print(", ".join(versions))
    for other, goal in GOALS.items():
        console.print(f"uploads/s over {other}'s: {times(rows[OURS], rows[other]):.2f}, goal: {goal}")
    console.print(f"p99 over p50: {spread(rows[OURS]):.1f}, goal: at most {WORST}")


def times(rows: list[Row], others: list[Row]) -> float:
    """The median over the rounds of how many times as many uploads a second there are."""
    return statistics.median(row["a_second"] / other["a_second"] for row, other in zip(rows, others, strict=True))


def spread(rows: list[Row]) -> float:
    """The median over the rounds of p99 over p50."""
    return statistics.median(row["p99_ms"] / row["p50_ms"] for row in rows)


if __name__ == "__main__":
    main()
