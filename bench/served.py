"""Uploads end to end: a real server with its durable SQLite store, and clients on the same cores."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from bench.client import boundary, request
from bench.pictures import pictures

TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def server(store: str = "") -> Iterator[tuple[int, list[int]]]:
    """The port of a server over a store (without one: a new SQLite file), and its workers, all of them listening."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, (Path(folder) / "log").open("wb") as log:
        command = [str(Path(sys.executable).parent / "mnist-predict"), "serve", "--port", "0"]
        setting = {
            "MNIST_PREDICT_DATA": folder,
            "MNIST_PREDICT_STORE": store or f"sqlite:///{folder}/bench.sqlite",
        }
        process = subprocess.Popen(command, env=os.environ | setting, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout
            port = next(int(found[1]) for line in process.stdout if (found := re.search(r"Open .*:(\d+)/", line)))
            cores = os.cpu_count() or 1
            while listeners(port) < cores:
                time.sleep(0.1)
            for picture in pictures(100):
                requests.post(f"http://127.0.0.1:{port}/uploads", files={"file": ("a.png", picture)}, timeout=30)
            yield port, workers(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def listeners(port: int) -> int:
    """How many sockets listen on that port: a worker each."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)


def workers(parent: int) -> list[int]:
    """The children of a process that have loaded the network."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in children if "onnxruntime" in Path(f"/proc/{pid}/maps").read_text()]


def cpu(pids: list[int]) -> float:
    """CPU seconds that processes have used."""
    used = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids)
    return sum(int(fields[11]) + int(fields[12]) for fields in used) / TICKS


def memory(pids: list[int]) -> float:
    """Megabytes of a worker, shared pages divided (PSS)."""
    sizes = [re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{p}/smaps_rollup").read_text(), re.M) for p in pids]
    return sum(int(s[1]) for s in sizes if s) / 1024 / len(pids)


def load(port: int, pids: list[int], connections: int, seconds: float, how: str) -> dict[str, float]:
    """Uploads a second, latencies, and worker CPU milliseconds an upload, by the project's own client."""
    before = cpu(pids)
    words = [sys.executable, "-m", "bench.client", str(port), str(connections), str(seconds), how]
    result = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    result["a_second"] = result["uploads"] / result["seconds"]
    result["cpu_ms"] = (cpu(pids) - before) / result["uploads"] * 1e3
    return result


def apache(port: int, connections: int, count: int) -> dict[str, float] | None:
    """The same by `ab -k` (one picture again and again); None where it is not installed."""
    if shutil.which("ab") is None:
        return None
    with tempfile.NamedTemporaryFile() as body:
        body.write(request(0, pictures(1)[0])[1])
        body.flush()
        kind = f"multipart/form-data; boundary={boundary(0).decode()}"
        words = ["ab", "-k", "-q", "-l", "-c", str(connections), "-n", str(count), "-p", body.name, "-T", kind]
        url = f"http://127.0.0.1:{port}/uploads"
        text = subprocess.run([*words, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text or not re.search(r"Failed requests:\s+0", text):
        raise RuntimeError(text)
    return {
        "a_second": float(re.findall(r"Requests per second:\s+([\d.]+)", text)[0]),
        "p50_ms": float(re.findall(r"50%\s+(\d+)", text)[0]),
        "p99_ms": float(re.findall(r"99%\s+(\d+)", text)[0]),
    }
