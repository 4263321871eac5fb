"""Cassandra nodes as the tests have them, the commit log synced every 2 ms, but with Java as it is meant to run."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.cassandra_nodes import Nodes, lacking

__all__ = ["lacking", "nodes"]


@contextmanager
def nodes() -> Iterator[Nodes]:
    """Nodes, none started yet, with their data beside the SQLite files that are measured."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        cluster = Nodes(Path(folder), java=("-Xms1g", "-Xmx1g"))
        try:
            yield cluster
        finally:
            cluster.stop()
