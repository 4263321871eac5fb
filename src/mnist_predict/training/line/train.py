"""Training the line network on synthesized strips, every strip new, resumable at every epoch."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from mnist_predict.training import steps
from mnist_predict.training.line import batches as strips
from mnist_predict.training.line.network import BLANK, LineNetwork
from mnist_predict.training.steps import Progress, Run
from mnist_predict.training.synthesis.camera import Strip
from mnist_predict.vision.decode import best_path

VALIDATION = 2_000  # strips of hands that are not trained on


@dataclass(frozen=True)
class Recipe(steps.Recipe):
    """The recipe of the shipped line network. Change it here."""

    epochs: int = 28
    rate: float = 2.5e-3
    warm: float = 0.05
    averaging: float = 0.9995
    decay: float = 0.01
    strips: int = 40 * strips.CHUNK  # in an epoch
    easy: int = 3  # epochs in which ever fewer strips are plain
    clip: float = 5.0  # norm of the gradient


def begin(recipe: Recipe, device: torch.device, weights: dict[str, Tensor] | None = None) -> Run[LineNetwork]:
    """A run at its first step, from `weights` or from new ones of the recipe's seed."""
    torch.manual_seed(recipe.seed)
    network, average = (LineNetwork().to(device).to(memory_format=torch.channels_last) for _ in range(2))
    if weights is not None:
        network.load_state_dict(weights)
    optimizer = torch.optim.AdamW(network.parameters(), recipe.rate, weight_decay=recipe.decay)
    return Run(recipe, network, average, optimizer)


def train(run: Run[LineNetwork], data: Path, progress: Progress, checkpoint: Path) -> None:
    """Train until the recipe's last epoch; a checkpoint after each, validation on strips of other hands."""
    recipe = run.recipe
    assert isinstance(recipe, Recipe)  # noqa: S101 (begin made it)
    bank, words = strips.open_bank(data, False, recipe.seed)
    chunks = recipe.strips // strips.CHUNK
    source = strips.supply(bank, words, recipe.seed, run.epoch * chunks, recipe.easy * chunks)
    unseen = strips.held_out(data, VALIDATION)
    try:
        while run.epoch < recipe.epochs:
            began = time.monotonic()
            run.network.train()
            total = done = 0.0
            while done < recipe.strips:
                pictures, numbers = next(source)
                run.set_rate(run.epoch + done / recipe.strips)
                with torch.autocast(run.device.type, torch.bfloat16, enabled=steps.has_bfloat16(run.device)):
                    output = run.network(to_input(pictures, run.device))
                value = loss(output, numbers)
                run.learn(value, recipe.clip)
                total += float(value.detach()) * len(numbers)
                done += len(numbers)
                progress(run.epoch + done / recipe.strips, recipe.epochs, total / done, None)
            accuracy = exact_match(run.average, unseen)
            run.epoch += 1
            run.seconds += time.monotonic() - began
            run.history.append({"loss": total / done, "validation_accuracy": accuracy})
            run.save(checkpoint)
            progress(run.epoch, recipe.epochs, total / done, accuracy)
    finally:
        source.close()


def loss(output: Tensor, numbers: list[str]) -> Tensor:
    """CTC loss of log-probabilities `[N, T, 11]`; long numbers weigh by the root of their length."""
    lengths = torch.tensor([len(number) for number in numbers])
    return (likelihood_losses(output, numbers) / lengths.clamp(min=1).sqrt().to(output.device)).mean()


def likelihood_losses(output: Tensor, numbers: list[str]) -> Tensor:
    """Negative log-likelihood of each number under log-probabilities `[N, T, 11]`."""
    lengths = torch.tensor([len(number) for number in numbers])
    targets = torch.tensor([int(digit) for number in numbers for digit in number])
    frames = torch.full_like(lengths, output.shape[1])
    return nnf.ctc_loss(output.transpose(0, 1), targets, frames, lengths, BLANK, reduction="none", zero_infinity=True)


def exact_match(network: LineNetwork, labelled: list[tuple[Strip, str]]) -> float:
    """The share of strips whose best path is the number on them."""
    network.eval()
    right = 0
    with torch.inference_mode():
        for pictures, numbers in strips.batches(labelled, np.random.default_rng(0)):
            output = network(to_input(pictures, next(network.parameters()).device))
            right += sum(read == number for read, number in zip(best_paths(output), numbers, strict=True))
    return right / len(labelled)


def best_paths(output: Tensor) -> list[str]:
    """What the best path through each of log-probabilities `[N, T, 11]` spells."""
    return [best_path(frames) for frames in output.float().cpu().numpy()]


def to_input(pictures: Strip, device: torch.device) -> Tensor:
    """Strips uint8 `[N, 32, W]` as what the network takes."""
    return (torch.from_numpy(pictures).to(device)[:, None].float() / 255).contiguous(memory_format=torch.channels_last)
