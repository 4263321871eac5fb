"""What reading the archive again on Spark costs: `python -m bench.learning.spark [COUNT]`.

CPU time a picture over a Cassandra node, in local mode on all cores: of Python (which reads), of Java (Spark) and of
the node, beside that of `replay` on one machine over the same node. A first, short turn of each says what its start
costs. And how many readings a second this process takes from the executors and keeps. The pictures are single digits.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from pathlib import Path

from pyspark.sql.functions import lit, repeat

from bench.nodes import nodes
from bench.pictures import pictures
from mnist_predict.learning.replay import Replay
from mnist_predict.learning.spark.cluster import Cluster, open_cluster
from mnist_predict.learning.spark.replay import SparkReplay
from mnist_predict.models.registry import open_version
from mnist_predict.store.ids import new_id
from mnist_predict.store.opening import open_store
from mnist_predict.store.record import Record

FIRST = 500  # pictures of the short turn: Java compiles what it runs for a while
KEPT = 50_000  # readings that are kept at once
SIZE = 650  # bytes of a reading of three digits as JSON
TICK = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=4_000)
    some = pictures(parser.parse_args().count)
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-spark-")))
        cluster = stack.enter_context(nodes())
        cluster.start(1)
        node = cluster.processes[0].pid
        url = cluster.url(1, "bench_spark") + "?copies=1"
        store = open_store(url)
        stack.callback(store.close)
        spark = stack.enter_context(open_cluster(f"local[{os.cpu_count()}]", url))
        runs = Replay(place / "alone", open_version(), store), SparkReplay(place / "on", open_version(), store, spark)
        turns: list[list[dict[str, float]]] = [[], []]
        for part in (some[:FIRST], some[FIRST:]):
            for data in part:
                store.add(Record(new_id(), "digit.png", "", "upload", sha256(data).hexdigest()), data)
            for run, found in zip(runs, turns, strict=True):
                found.append(_cpu(partial(run.run, None), node))
        for name, found in zip(("one machine", "Spark"), turns, strict=True):
            each = {who: 1e3 * (found[1][who] - found[0][who]) / (len(some) - 2 * FIRST) for who in found[0]}
            print(f"{name}: " + ", ".join(f"{who} {ms:.2f} ms" for who, ms in each.items()) + " of CPU a picture")
        print(f"{_kept(runs[1], spark):.0f} readings a second are taken and kept")
        for run in runs:
            run.close()


def _kept(run: Replay, spark: Cluster) -> float:
    """Readings a second that come from the executors and are kept."""
    columns = ("uuid() as id", "'21' as was", "'21' as now", "0.9 as confidence")
    rows = spark.spark.range(KEPT).selectExpr(*columns).withColumn("reading", repeat(lit("7"), SIZE))
    rows.collect()
    began = time.perf_counter()
    run.keep([(*row[:3], float(row[3]), row[4]) for row in rows.collect()])
    return KEPT / (time.perf_counter() - began)


def _cpu(work: Callable[[], None], node: int) -> dict[str, float]:
    """Seconds of CPU that some work takes: of Java and of Python below this process, and of a Cassandra node."""
    before = _used(node)
    work()
    return {who: used - before[who] for who, used in _used(node).items()}


def _used(node: int) -> dict[str, float]:
    """Seconds of CPU by now, those of processes that have ended included."""
    parents, used, java = {}, {}, set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = path.read_text().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue
        fields, pid = rest.split(), int(path.parent.name)
        parents[pid], used[pid] = int(fields[1]), sum(map(int, fields[11:15])) / TICK
        if name == "java":
            java.add(pid)
    ours = {pid for pid in parents if pid != node and _descends(pid, parents)}
    of_java = sum(used[pid] for pid in ours & java)
    return {"Python": sum(used[pid] for pid in ours - java), "Java": of_java, "the node": used[node]}


def _descends(pid: int, parents: dict[int, int]) -> bool:
    while pid in parents and pid != os.getpid():
        pid = parents[pid]
    return pid == os.getpid()


if __name__ == "__main__":
    main()
