"""Training the page network on synthesized pages, every page new, resumable at every epoch."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as nnf

from mnist_predict.training import steps
from mnist_predict.training.line.batches import open_source
from mnist_predict.training.page import batches
from mnist_predict.training.page.network import PageNetwork
from mnist_predict.training.steps import Progress, Run

VALIDATION = 30  # batches of hands that are not trained on


@dataclass(frozen=True)
class Recipe(steps.Recipe):
    """The recipe of the shipped page network. Change it here."""

    epochs: int = 9
    max_lr: float = 3e-3
    warmup_fraction: float = 0.05
    ema_decay: float = 0.999
    weight_decay: float = 0.01
    batches: int = 320  # in an epoch
    clip: float = 5.0  # norm of the gradient


def begin(recipe: Recipe, device: torch.device, weights: dict[str, Tensor] | None = None) -> Run[PageNetwork]:
    """A run at its first step, from `weights` or from new ones of the recipe's seed."""
    return steps.begin_adamw(recipe, PageNetwork, device, weights)


def train(run: Run[PageNetwork], data: Path, hands: Path | None, progress: Progress, checkpoint: Path) -> None:
    """Train until the recipe's last epoch; a checkpoint after each, validation on pages of other hands."""
    recipe = run.recipe
    assert isinstance(recipe, Recipe)  # noqa: S101 (begin made it)
    made_of = open_source(data, hands, False, recipe.seed)
    source = batches.supply(made_of, recipe.seed, run.epoch, recipe.batches)
    unseen = batches.held_out(data, hands, VALIDATION)
    try:
        while run.epoch < recipe.epochs:
            began = time.monotonic()
            run.network.train()
            total, count = 0.0, 0
            for done in range(recipe.batches):
                run.set_rate(run.epoch + done / recipe.batches)
                batch = next(source)
                with torch.autocast(run.device.type, torch.bfloat16, enabled=steps.has_bfloat16(run.device)):
                    maps = run.network(to_input(batch.pages, run.device))
                value = loss(maps.float(), torch.from_numpy(batch.maps).to(run.device).float())
                run.learn(value, recipe.clip)
                total += float(value.detach())
                count += len(batch.pages)
                share = (done + 1) / recipe.batches
                progress(run.epoch + share, recipe.epochs, total / (done + 1), None)
            accuracy = overlap(run.average, unseen)
            run.epoch += 1
            run.seconds += time.monotonic() - began
            run.history.append({"loss": total / recipe.batches, "validation_accuracy": accuracy, "pages": count})
            run.save(checkpoint)
            progress(run.epoch, recipe.epochs, total / recipe.batches, accuracy)
    finally:
        source.close()


def loss(maps: Tensor, target: Tensor) -> Tensor:
    """Of maps `[N, 4, H, W]` against `[N, 5, H, W]`: cross entropy and Dice loss (F. Milletari et al. 2016) of the
    kernels, absolute error of height and way within them."""
    kernel, height, ways, weight = target[:, 0], target[:, 1], target[:, 2:4], target[:, 4]
    entropy = nnf.binary_cross_entropy_with_logits(maps[:, 0], kernel, weight, reduction="sum") / weight.sum()
    seen = torch.sigmoid(maps[:, 0]) * weight
    both, either = (seen * kernel).sum(), (seen * seen).sum() + (kernel * weight).sum()
    dice = 1 - (2 * both + 1) / (either + 1)
    inside = kernel.sum().clamp(min=1)
    tall = ((maps[:, 1] - height).abs() * kernel).sum() / inside
    way = ((maps[:, 2:4] - ways).abs().sum(1) * kernel).sum() / inside
    return 8 * entropy + dice + tall + 0.5 * way


def overlap(network: PageNetwork, unseen: list[batches.Batch]) -> float:
    """Intersection over union of all kernels that are seen and all that are there."""
    network.eval()
    both = either = 0.0
    with torch.inference_mode():
        for batch in unseen:
            maps = network(to_input(batch.pages, next(network.parameters()).device))[:, 0].cpu().numpy()
            kernel, weight = batch.maps[:, 0] > 0, batch.maps[:, 4] > 0
            both += float(((maps > 0) & kernel & weight).sum())
            either += float((((maps > 0) | kernel) & weight).sum())
    return both / max(either, 1.0)


def to_input(pages: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Pages uint8 `[N, H, W]` as what the network takes."""
    return torch.from_numpy(pages).to(device)[:, None].float() / 255
