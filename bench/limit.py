"""The in-process limit: the same reading (decode, ink, network), nothing served and nothing kept, on every core."""

import multiprocessing
import os
import tempfile
import time
from pathlib import Path

from bench.pictures import pictures
from mnist_predict.vision.recognizer import open_recognizer


def read_for(seconds: float) -> tuple[int, float]:
    """How many pictures one process reads in that time, and the CPU seconds it took."""
    reader = open_recognizer("")
    some = pictures(1_000)
    for picture in some[:50]:
        reader.read(picture)
    count, cpu, until = 0, time.process_time(), time.perf_counter() + seconds
    while time.perf_counter() < until:
        reader.read(some[count % len(some)])
        count += 1
    return count, time.process_time() - cpu


def in_process(seconds: float) -> dict[str, float]:
    """Pictures a second on all cores together, and CPU milliseconds a picture."""
    cores = os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        results = pool.map(read_for, [seconds] * cores, chunksize=1)
    count = sum(n for n, _ in results)
    return {"a_second": count / seconds, "cpu_ms": sum(cpu for _, cpu in results) / count * 1e3}


def commits(seconds: float) -> float:
    """Appends of 4 kB a second that the disk makes durable one by one: the limit of commits that nobody shares."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, (Path(folder) / "log").open("wb") as file:
        count, until = 0, time.perf_counter() + seconds
        while time.perf_counter() < until:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            count += 1
    return count / seconds
