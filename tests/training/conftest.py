"""A small MNIST of the real one's first pictures, quick to train on."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from mnist_predict.training import mnist as dataset
from mnist_predict.training.line import batches as strips
from mnist_predict.training.synthesis import fonts


def write_idx(path: Path, array: np.ndarray) -> None:
    head = bytes((0, 0, 8, array.ndim)) + b"".join(n.to_bytes(4) for n in array.shape)
    path.write_bytes(gzip.compress(head + array.tobytes(), 1))


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """The networks are tiny here, and `make test` has work for the other core."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def small_mnist(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """900 training and 200 test pictures, in the four files."""
    folder = tmp_path_factory.mktemp("mnist")
    for part, count in (("train", 900), ("t10k", 200)):
        pictures, labels = dataset.load(root / "data/mnist", part)
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", pictures[:count])
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels[:count])
    return folder


@pytest.fixture(scope="session")
def make_small() -> Callable[[pytest.MonkeyPatch], None]:
    """Hold out 100 pictures, not 5,000, and write with few drawn shapes and no fonts."""

    def make(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(dataset, "HELD_OUT", 100)
        patch.setattr(strips, "DRAWN", 2600)
        patch.setattr(fonts, "FOLDERS", ())

    return make


@pytest.fixture
def small_split(make_small: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """What training takes of its data, made small."""
    make_small(monkeypatch)
