"""Reading the archive again on a Spark cluster.

The executors read records and pictures from Cassandra and send back what a version reads in them, in waves; this
process keeps each wave as `Replay` does on one machine, in the same file. Keeping a reading twice changes nothing, so
what an executor takes with it when it dies is read again: by Spark, or by the next run of the command.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pyspark.broadcast import Broadcast
from pyspark.sql import DataFrame
from pyspark.sql.functions import broadcast, coalesce

from mnist_predict.beside import Row
from mnist_predict.learning.replay import Progress, Replay
from mnist_predict.learning.spark.cluster import Batches, Cluster, frames, pictures_of
from mnist_predict.models.packing import pack, unpack
from mnist_predict.models.registry import Version
from mnist_predict.reading_process import reread
from mnist_predict.store.ids import first_id
from mnist_predict.store.protocol import Store
from mnist_predict.vision.recognizer import Recognizer, open_recognizer

UNDER_WAY = 2  # waves, so that no core waits for the last pictures of one
ROW = "id string, was string, now string, confidence double, reading string"
TEN_MINUTES = timedelta(minutes=10)

Wave = list[tuple[date, int, int]]  # partitions of `record` (store/cassandra/rows.py), each with its number of pictures


class SparkReplay(Replay):
    """A version reads the archive of a store in Cassandra on a Spark cluster; see `Replay`."""

    def __init__(self, data: Path, version: Version, store: Store, cluster: Cluster) -> None:
        super().__init__(data, version, store)
        self._cluster = cluster
        self._archive = cluster.spark.sparkContext.broadcast(pack(version))
        self._counted: dict[datetime | None, Wave] = {}  # until they are read: to count takes a while

    def total(self, since: datetime | None) -> int:
        """How many pictures there are to look at."""
        self._counted[since] = self._partitions(since)
        return sum(count for _, _, count in self._counted[since])

    def run(self, since: datetime | None, progress: Progress = lambda _: None) -> None:
        """See `Replay.run`. A wave is kept when all of it was read."""
        under_way: deque[tuple[int, Future[list[Any]]]] = deque()
        with ThreadPoolExecutor(UNDER_WAY) as threads:
            partitions = self._counted.pop(since, None) or self._partitions(since)
            for wave, count in _waves(partitions, self._cluster.wave):
                under_way.append((count, threads.submit(self._readings(wave, count, since).collect)))
                if len(under_way) == UNDER_WAY:
                    self._keep_wave(*under_way.popleft(), progress)
            while under_way:
                self._keep_wave(*under_way.popleft(), progress)

    def _keep_wave(self, count: int, future: Future[list[Any]], progress: Progress) -> None:
        self.keep(future.result())
        progress(count)

    def _uploads(self, since: datetime | None) -> DataFrame:
        uploads = self._cluster.table("record").where("source = 'upload' and sha256 is not null")
        return uploads.where(uploads.id >= str(first_id(since))) if since else uploads

    def _partitions(self, since: datetime | None) -> Wave:
        counts = self._uploads(since).groupBy("day", "bucket").count().collect()
        return sorted(((row[0], row[1], row[2]) for row in counts), reverse=True)

    def _readings(self, wave: Wave, count: int, since: datetime | None) -> DataFrame:
        """What the version reads in the pictures of some partitions, apart from those that were read already."""
        make = self._cluster.spark.createDataFrame
        uploads = self._uploads(since)
        joined = make([one[:2] for one in wave], "day date, bucket smallint").join(uploads, ["day", "bucket"])
        records = joined.select("id", coalesce("written", "number").alias("was"), "sha256")
        (oldest, low, _), (newest, high, _) = wave[-1], wave[0]
        known = self.beside.between(first_id(_begin(oldest, low)), first_id(_begin(newest, high) + TEN_MINUTES))
        if known:
            records = records.join(broadcast(make([(each,) for each in known], "id string")), "id", "left_anti")
        return self._cluster.chunks(records, count).mapInPandas(_reading(self.version.name, self._archive), ROW)


def _begin(day: date, bucket: int) -> datetime:
    """The earliest time of a record in a partition."""
    return datetime.combine(day, time(), UTC) + bucket // 8 * TEN_MINUTES


def _waves(partitions: Wave, size: int) -> Iterator[tuple[Wave, int]]:
    """Partitions in their order, in groups of at least so many pictures, each with its number of pictures."""
    wave: Wave = []
    count = 0
    for partition in partitions:
        wave.append(partition)
        count += partition[2]
        if count >= size:
            yield wave, count
            wave, count = [], 0
    if wave:
        yield wave, count


def _reading(name: str, archive: Broadcast[bytes]) -> Callable[[Batches], Batches]:
    """What an executor does: it reads pictures with the version of that name."""

    def read(batches: Batches) -> Batches:
        recognizer = _opened(name, archive)

        def rows() -> Iterator[Row]:
            for (record, was), data in pictures_of(batches):
                reading = reread(recognizer, data or b"")
                yield record, was, reading.written, reading.confidence, reading.json

        return frames(rows(), ROW)

    return read


_recognizers: dict[str, Recognizer] = {}  # of a Python process of an executor, by the name of their version


def _opened(name: str, archive: Broadcast[bytes]) -> Recognizer:
    if name not in _recognizers:
        with TemporaryDirectory() as folder:
            _recognizers[name] = open_recognizer(str(unpack(archive.value, name, Path(folder)).folder))
    return _recognizers[name]
