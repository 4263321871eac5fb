"""The flag `--spark`, and the cluster that it names; pyspark is imported only then."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from mnist_predict.errors import BadRequest
from mnist_predict.settings import Settings

if TYPE_CHECKING:
    from mnist_predict.learning.spark.cluster import Cluster

master = click.option(
    "--spark",
    metavar="MASTER",
    default=None,
    help="Use the Spark cluster of this master (spark://host:7077, yarn, local[4]); the store must be in Cassandra.",
)


def open_cluster(spark: str, store: str | None) -> "AbstractContextManager[Cluster]":
    """The cluster of that master over the store of the settings and the flag `--store`."""
    if find_spec("pyspark") is None:
        raise BadRequest("Spark needs more packages, and Java: pip install 'mnist-predict[cassandra,spark]'.")
    from mnist_predict.learning.spark import cluster

    return cluster.open_cluster(spark, Settings.from_environment().but(store=store).store_url)


@contextmanager
def writing_on(spark: str | None, store: str | None) -> Iterator[Callable[..., Any] | None]:
    """What writes pictures on that cluster, for `export_pictures`; None without one."""
    if spark is None:
        yield None
        return
    with open_cluster(spark, store) as cluster:
        from mnist_predict.learning.spark.export import write_pictures

        yield partial(write_pictures, cluster)
