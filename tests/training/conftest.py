"""Training made small, quick to run."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from mnist_predict.training import mnist as dataset
from mnist_predict.training.digit import train
from mnist_predict.training.line import batches as strips
from mnist_predict.training.synthesis.shapes import bank, displays, fonts
from mnist_predict.training.synthesis.shapes.bank import Bank


@pytest.fixture(scope="session")
def shapes(small_mnist: Path) -> Bank:
    """A few shapes of each kind, without fonts."""
    rng = np.random.default_rng(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bank.mnist, "HELD_OUT", 100)
        return Bank(
            bank.of_mnist(small_mnist, False),
            bank.of_strokes(300, rng),
            bank.of_marks(300, rng),
            displays.shapes(3, rng),
            None,
            None,
        )


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """The networks are tiny here, and `make test` has work for the other core."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def make_small() -> Callable[[pytest.MonkeyPatch], None]:
    """Hold out 100 pictures, not 5,000, and write with few drawn shapes and no fonts."""

    def make(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(dataset, "HELD_OUT", 100)
        patch.setattr(train, "DRAWN", 300)
        patch.setattr(strips, "DRAWN", 1300)
        patch.setattr(strips, "DISPLAYS", 10)
        patch.setattr(fonts, "FOLDERS", ())

    return make


@pytest.fixture
def small_split(make_small: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """What training takes of its data, made small."""
    make_small(monkeypatch)
