"""A Spark application over the tables of a store in Cassandra, by the Spark Cassandra Connector."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby, islice
from typing import Any

import pandas as pd
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from mnist_predict.errors import BadRequest, StoreUnavailable
from mnist_predict.learning.replay import TOGETHER
from mnist_predict.store.cassandra.url import ClusterUrl

SETTINGS = {
    "spark.jars.packages": "com.datastax.spark:spark-cassandra-connector_2.12:3.5.1",
    # With these, a join on the key of partitions asks for those partitions alone, not for the whole table.
    "spark.sql.extensions": "com.datastax.spark.connector.CassandraSparkExtensions",
    # Rows that go to Python together. With chunks of pictures of up to 512 KiB, it bounds the memory of an executor.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "16",
}
AT_ONCE = 16  # partitions that a task asks for at once
TASKS = 4  # of a wave for each core, so that none waits long for the last
A_CORE = 500  # pictures of a wave for each core
MOST = 50_000  # pictures of a wave: what bounds the memory of this process

Batches = Iterable[pd.DataFrame]


class Cluster:
    """A Spark application, and the tables of a store in it."""

    def __init__(self, spark: SparkSession, place: ClusterUrl) -> None:
        self.spark = spark
        self._keyspace = place.keyspace
        settings = {
            "connection.host": ",".join(place.hosts),
            "connection.port": str(place.port),
            "connection.localDC": place.dc,
            "connection.ssl.enabled": "true" if place.tls else "",
            "auth.username": place.user,
            "auth.password": place.password,
            "input.consistency.level": place.consistency.upper(),
            "concurrent.reads": str(AT_ONCE),
        }
        for name, value in settings.items():  # only now: everybody on a machine sees what Java is started with
            if value:
                spark.conf.set(f"spark.cassandra.{name}", value)

    @property
    def cores(self) -> int:
        """Cores of the executors that are there now."""
        return int(self.spark.sparkContext.defaultParallelism)

    @property
    def wave(self) -> int:
        """Pictures that are worth a job of Spark."""
        return min(A_CORE * self.cores, MOST)

    def table(self, name: str) -> DataFrame:
        """A table of the store. Joined on the key of its partitions, it is asked for these alone."""
        source = self.spark.read.format("org.apache.spark.sql.cassandra").option("directJoinSetting", "on")
        return source.options(keyspace=self._keyspace, table=name).load()

    def chunks(self, who: DataFrame, count: int) -> DataFrame:
        """For each of so many rows with a `sha256`: its columns, and `size` and `bytes` of each chunk of that picture.

        The chunks of a row come one after the other; where the picture is not there, one without bytes.
        """
        spread = who.repartition(min(TASKS * self.cores, 1 + count // TOGETHER), who.columns[0])
        joined = spread.join(self.table("picture"), "sha256", "left")
        return joined.select(*(name for name in who.columns if name != "sha256"), "size", "bytes")


@contextmanager
def open_cluster(master: str, store: str) -> Iterator[Cluster]:
    """A Spark application on the cluster of that master, over the Cassandra store of that url.

    Raises `BadRequest` for another store, and `StoreUnavailable` where Spark gives up.
    """
    if not store.startswith("cassandra://"):
        raise BadRequest("Spark reads from a store in Cassandra. Name one: --store cassandra://...")
    place = ClusterUrl.from_url(store)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # of the executors
    builder = SparkSession.builder.master(master).appName("mnist-predict")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    try:
        spark = builder.getOrCreate()
        spark.sparkContext.setLogLevel("ERROR")
        try:
            yield Cluster(spark, place)
        finally:
            spark.stop()
    except (Py4JError, PySparkException) as error:
        raise StoreUnavailable(f"Spark gave up: {' '.join(str(error).split())[:1000]}") from error


def pictures_of(batches: Batches) -> Iterator[tuple[Any, bytes | None]]:
    """On an executor: the rows of `Cluster.chunks`, each with its picture.

    None where it is not there, or not all of it, as `Store.picture` says.
    """
    chunks = (row for batch in batches for row in batch.itertuples(index=False, name=None))
    for who, rows in groupby(chunks, lambda row: row[:-2]):
        sizes, parts = zip(*(row[-2:] for row in rows), strict=True)
        data = b"".join(part or b"" for part in parts)
        yield who, data if len(data) == sizes[0] else None


def frames(rows: Iterator[tuple[Any, ...]], schema: str) -> Batches:
    """On an executor: rows as data frames of a few."""
    names = [column.split()[0] for column in schema.split(", ")]
    while some := list(islice(rows, TOGETHER)):
        yield pd.DataFrame(some, columns=names)
