"""What all tests share: the repository's folder, MNIST's test set and pictures made of it, Cassandra's nodes."""

import gzip
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from cassandra_nodes import EXISTING, Nodes, lacking
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from mnist_predict.training import mnist as dataset
from mnist_predict.training.evaluation import sets
from mnist_predict.training.synthesis.shapes import fonts

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of what is tested
settings.load_profile("untimed")
# As in a service. Python 3.11 fails, seldom, where one thread parses (to write a traceback) while another does.
logging.getLogger("cassandra").setLevel(logging.CRITICAL)

ROOT = Path(__file__).parent.parent
FEW_DELETED = 1000  # rows that the nodes read past: so few that tests can delete more


class Scheduling(LoadScopeScheduling):
    """What `pytest -n` runs in one process: each file, and the tests that share a cluster of Cassandra.

    These are three: what is told of one node, what is told of three, and what becomes of a node under load.
    """

    def _split_scope(self, nodeid: str) -> str:
        if not is_of_cassandra(nodeid):
            return nodeid.partition("::")[0]
        return "three nodes" if is_of_three(nodeid) else "chaos" if "tests/chaos/" in nodeid else "cassandra"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """See Scheduling."""
    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Tests of Cassandra come first, as they take longest; of these, those of three nodes last, for where all run in
    one process."""
    for item in items:
        if "cassandra_url" in item.fixturenames and not is_of_cassandra(item.nodeid):
            raise pytest.UsageError(f"{item.nodeid} needs Cassandra, so its name must say so.")
    items.sort(key=lambda item: is_of_three(item.nodeid))
    items.sort(key=lambda item: not is_of_cassandra(item.nodeid))


def is_of_cassandra(nodeid: str) -> bool:
    """Whether a test needs nodes of Cassandra, told by its name: of its folder, file or parameter."""
    return "cassandra" in nodeid or "tests/chaos/" in nodeid


def is_of_three(nodeid: str) -> bool:
    """Whether a test needs three nodes, told by its name."""
    return "cassandra-3" in nodeid or "of_three" in nodeid


@pytest.fixture(autouse=True)
def _loggers_speak() -> None:
    """A service that a test has started in this process sets up its own logging, and mutes what was there before."""
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("mnist_predict"):
            logging.getLogger(name).disabled = False


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine on which no font is installed."""
    monkeypatch.setattr(fonts, "FOLDERS", ())
    sets.held_out_fonts.cache_clear()
    yield
    sets.held_out_fonts.cache_clear()


@pytest.fixture(scope="session")
def mnist_test() -> tuple[dataset.Bytes, dataset.Bytes]:
    """Pictures [10000, 28, 28] (ink = 255) and labels [10000]."""
    return dataset.load(ROOT / "data/mnist", "t10k")


@pytest.fixture(scope="session")
def small_mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 900 training and 200 test pictures of MNIST in the four files, quick to train on."""
    folder = tmp_path_factory.mktemp("mnist")
    for part, count in (("train", 900), ("t10k", 200)):
        pictures, labels = dataset.load(ROOT / "data/mnist", part)
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", pictures[:count])
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels[:count])
    return folder


def write_idx(path: Path, array: np.ndarray) -> None:
    head = bytes((0, 0, 8, array.ndim)) + b"".join(n.to_bytes(4) for n in array.shape)
    path.write_bytes(gzip.compress(head + array.tobytes(), 1))


@pytest.fixture(scope="session")
def png_of(mnist_test: tuple[dataset.Bytes, dataset.Bytes]) -> Callable[[str], bytes]:
    """A PNG of a number, black on white: MNIST's digits, well apart on one line."""
    pictures, labels = mnist_test

    def make(number: str) -> bytes:
        digits = [pictures[labels == int(c)][3] for c in number] or [np.zeros((28, 28), np.uint8)]
        strip = cv2.resize(np.pad(np.hstack(digits), 10), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        return cv2.imencode(".png", 255 - strip)[1].tobytes()

    return make


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Real nodes, none started yet. Without what they need: a failure where CI is set, else a skip."""
    if EXISTING in os.environ:
        pytest.skip("stops nodes or changes them, which is not done to an existing cluster")
    if what := lacking():
        if os.environ.get("CI") == "true":
            pytest.fail(what)
        pytest.skip(what)
    cluster = Nodes(tmp_path_factory.mktemp("cassandra"), most_deleted=FEW_DELETED)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def cassandra_url(request: pytest.FixtureRequest) -> Callable[[int, str], str]:
    """The store setting of a keyspace on so many nodes, which are started, or on the cluster that is named."""

    def url(count: int, keyspace: str) -> str:
        if existing := os.environ.get(EXISTING):
            return existing.replace("/mnistpredict", f"/{keyspace}")
        nodes: Nodes = request.getfixturevalue("nodes")
        nodes.start(count)
        return nodes.url(count, keyspace) + f"?copies={count}"

    return url
