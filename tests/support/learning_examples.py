"""Learning made so small that a test can do it; as a program too: `python -c "... learn_quickly()" learn ...`."""

from functools import partial

import pytest

from mnist_predict.cli.main import main
from mnist_predict.learning import doubts, gate, train
from mnist_predict.training import mnist
from mnist_predict.training.line import batches
from mnist_predict.training.synthesis.shapes import fonts


def small(patch: pytest.MonkeyPatch) -> None:
    """100 pictures of MNIST held out, not 5,000; few shapes to write with, and small chunks of strips."""
    patch.setattr(mnist, "HELD_OUT", 100)
    patch.setattr(batches, "DRAWN", 2600)
    patch.setattr(batches, "DISPLAYS", 20)
    patch.setattr(batches, "CHUNK", 64)


def quick(patch: pytest.MonkeyPatch) -> None:
    """Few steps for the command line too."""
    patch.setattr(train, "recipe_for", lambda count, seed: train.Recipe(epochs=1, strips=64, seed=seed))
    patch.setattr(doubts, "STEPS", 1)


def learn_quickly() -> None:
    """`mnist-predict`, but it learns in seconds, and the gate lets through what it makes."""
    patch = pytest.MonkeyPatch()
    small(patch)
    quick(patch)
    patch.setattr(fonts, "FOLDERS", ())
    few = {"mnist": 20, "test": 5, "pages": 1, "nothing": 1}
    lenient = {"significance": 0.0, "least_gain": -1000, "calibration": 1.0, "speed": 100.0}
    patch.setattr(gate, "Thresholds", partial(gate.Thresholds, **few, **lenient))
    main()
