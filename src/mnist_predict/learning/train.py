"""The champion goes on learning: labelled strips, never twice the same, among fresh synthesis against forgetting.

The recipe is that of a trial on 200 labelled cheques, with more steps: labelled and synthesized strips side by side,
and a teacher for the synthesized ones (learning without forgetting, Li and Hoiem 2016).
"""

import copy
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mnist_predict.learning.dataset import weights
from mnist_predict.models.registry import Version, open_version
from mnist_predict.training import export, steps
from mnist_predict.training.handwriting import Sample
from mnist_predict.training.line import batches
from mnist_predict.training.line import train as line
from mnist_predict.training.line.network import LineNetwork
from mnist_predict.training.steps import Progress, Run
from mnist_predict.training.synthesis import real
from mnist_predict.training.synthesis.paper import Papers
from mnist_predict.training.synthesis.style import HEIGHT

LEAST_EPOCHS, MOST_EPOCHS, PICTURES_AN_EPOCH = 3, 8, 20
TOGETHER = 48  # labelled parts that `adapt` draws at a time
DRAWN = 20_000  # times that a labelled part is chosen, by its weight

Shown = tuple[Sample, str]  # a labelled part of a picture, and its source


@dataclass(frozen=True)
class Recipe(line.Recipe):
    """How a candidate is trained: gentle steps, over in minutes."""

    epochs: int = LEAST_EPOCHS
    max_lr: float = 8e-4
    warmup_fraction: float = 0.1
    ema_decay: float = 0.998
    strips: int = 5 * batches.CHUNK
    easy: int = 0


def recipe_for(count: int, seed: int) -> Recipe:
    """The recipe for so many labelled pictures: with few, many steps would only show them again; with fewer than
    `LEAST_EPOCHS`, what the teacher knows is not learned anew."""
    return Recipe(epochs=min(MOST_EPOCHS, max(LEAST_EPOCHS, math.ceil(count / PICTURES_AN_EPOCH))), seed=seed)


def begin(recipe: Recipe, device: torch.device, champion: Version) -> Run[LineNetwork]:
    """A run that starts at the champion's weights."""
    return line.begin(recipe, device, export.load_weights(champion, "line"))


def train(
    run: Run[LineNetwork],
    champion: Version,
    shown: list[Shown],
    data: Path,
    hands: Path | None,
    progress: Progress,
    checkpoint: Path,
) -> None:
    """Train until the recipe's last epoch, from a checkpoint on where the run was restored.

    What is synthesized goes on being read as by the champion; where that was itself learned from corrections, as by the
    shipped version, or from one champion to the next a little more would be forgotten.
    """
    source = batches.open_source(data, hands, False, run.recipe.seed, short=True)
    odds = np.array(weights([of for _, of in shown]))
    rng = np.random.default_rng((run.recipe.seed, 19))
    chosen = [shown[at][0] for at in rng.choice(len(shown), DRAWN, p=odds / odds.sum())]
    teacher = copy.deepcopy(run.network).eval()
    teacher.load_state_dict(export.load_weights(open_version() if champion.learned else champion, "line"))
    line.train_on(run, source._replace(learned=chosen), lambda _: {}, progress, checkpoint, teacher)


def adapt(champion: Version, shown: list[Sample], count: int, seed: int) -> LineNetwork:
    """The champion's line network after so many steps on labelled parts alone, for a first look at the labels."""
    device = steps.find_device("cpu")
    run = begin(Recipe(epochs=1, seed=seed, ema_decay=0.95), device, champion)
    rng = np.random.default_rng((seed, 23))
    papers = Papers(HEIGHT, None, rng)
    run.network.train()
    for at in range(count):
        made = [real.strip(shown, papers, rng, 0.0, real.AS_READ) for _ in range(TOGETHER)]
        run.set_rate(at / count)
        for batch in batches.batches(made, rng):
            line.step(run, batch, 5.0)
    return run.average.eval()
