"""Training the line network on synthesized strips, every strip new, resumable at every epoch."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from mnist_predict.training import steps
from mnist_predict.training.line import batches
from mnist_predict.training.line.network import LineNetwork
from mnist_predict.training.steps import Progress, Run
from mnist_predict.training.synthesis.camera import Strip
from mnist_predict.training.synthesis.generator import Labelled
from mnist_predict.vision.read.alphabet import BLANK, CLASSES, INDEX, SYMBOLS
from mnist_predict.vision.read.ctc import best_path

NEVER = -1e4  # log-probability of what cannot be
VALIDATION = 2_000  # strips of hands that are not trained on


@dataclass(frozen=True)
class Recipe(steps.Recipe):
    """The recipe of the shipped line network. Change it here."""

    epochs: int = 28
    max_lr: float = 2.5e-3
    warmup_fraction: float = 0.05
    ema_decay: float = 0.9995
    weight_decay: float = 0.01
    strips: int = 40 * batches.CHUNK  # in an epoch
    easy: int = 3  # epochs in which ever fewer strips are plain
    clip: float = 5.0  # norm of the gradient


def begin(recipe: Recipe, device: torch.device, weights: dict[str, Tensor] | None = None) -> Run[LineNetwork]:
    """A run at its first step, from `weights` or from new ones of the recipe's seed."""
    run = steps.begin_adamw(recipe, LineNetwork, device, weights)
    run.network.to(memory_format=torch.channels_last)  # a third faster on a CPU
    return run


def train(run: Run[LineNetwork], data: Path, hands: Path | None, progress: Progress, checkpoint: Path) -> None:
    """Train until the recipe's last epoch; a checkpoint after each, validation on strips of other hands."""
    unseen, unseen_real = batches.held_out(data, hands, VALIDATION)

    def validate(network: LineNetwork) -> dict[str, float]:
        real = {"real_accuracy": exact_match(network, unseen_real)} if unseen_real else {}
        return {"validation_accuracy": exact_match(network, unseen), **real}

    train_on(run, batches.open_source(data, hands, False, run.recipe.seed), validate, progress, checkpoint)


def train_on(
    run: Run[LineNetwork],
    made_of: batches.Source,
    validate: Callable[[LineNetwork], dict[str, float]],
    progress: Progress,
    checkpoint: Path,
    teacher: LineNetwork | None = None,
) -> None:
    """The same on strips of that source; `validate`: what the history says of the averaged network after each epoch.

    `teacher`: whose answers to synthesized strips are kept, against forgetting.
    """
    recipe = run.recipe
    assert isinstance(recipe, Recipe)  # noqa: S101 (begin made it)
    chunks = recipe.strips // batches.CHUNK
    source = batches.supply(made_of, recipe.seed, run.epoch * chunks, recipe.easy * chunks)
    try:
        while run.epoch < recipe.epochs:
            began = time.monotonic()
            run.network.train()
            total = done = 0.0
            while done < recipe.strips:
                batch = next(source)
                run.set_rate(run.epoch + done / recipe.strips)
                total += step(run, batch, recipe.clip, teacher) * len(batch.labels)
                done += len(batch.labels)
                progress(run.epoch + done / recipe.strips, recipe.epochs, total / done, None)
            said = validate(run.average)
            run.epoch += 1
            run.seconds += time.monotonic() - began
            run.history.append({"loss": total / done, **said})
            run.save(checkpoint)
            progress(run.epoch, recipe.epochs, total / done, said.get("validation_accuracy"))
    finally:
        source.close()


def step(run: Run[LineNetwork], batch: batches.Batch, clip: float, teacher: LineNetwork | None = None) -> float:
    """One step down the loss of a batch, which is returned; `teacher`: see `train_on`."""
    strips = to_input(batch.strips, run.device)
    with torch.autocast(run.device.type, torch.bfloat16, enabled=steps.has_bfloat16(run.device)):
        output = run.network(strips)
        away = departure(output, strips, batch, teacher) if teacher else 0.0
    value = loss(output, batch) + away
    run.learn(value, clip)
    return float(value.detach())


def loss(output: Tensor, batch: batches.Batch) -> Tensor:
    """CTC loss of log-probabilities `[N, T, CLASSES]`; long labels weigh by the root of their length."""
    return (label_losses(output, batch.labels, batch.loose) / _roots(batch).to(output.device)).mean()


def departure(output: Tensor, strips: Tensor, batch: batches.Batch, teacher: Callable[[Tensor], Tensor]) -> Tensor:
    """How far log-probabilities `[N, T, CLASSES]` are from those of a teacher, where strips are synthesized: the
    Kullback-Leibler divergence of all frames, weighed as in `loss` (learning without forgetting, Li and Hoiem 2016)."""
    synthesized = ~torch.tensor(batch.learned)
    with torch.no_grad():
        before = teacher(strips[synthesized])
    divergence = nnf.kl_div(output[synthesized], before, reduction="none", log_target=True).sum((1, 2))
    return (divergence / _roots(batch)[synthesized].to(output.device)).sum() / len(batch.labels)


def _roots(batch: batches.Batch) -> Tensor:
    return torch.tensor([max(len(label), 1) for label in batch.labels]).sqrt()


def label_losses(output: Tensor, labels: Sequence[str], loose: Sequence[str]) -> Tensor:
    """Negative log-likelihood `[N]` of each label under log-probabilities `[N, T, CLASSES]`, see `merged`."""
    lengths = torch.tensor([len(label) for label in labels])
    targets = torch.tensor([INDEX[symbol] for label in labels for symbol in label])
    frames = merged(output, labels, loose).transpose(0, 1)
    count = torch.full_like(lengths, output.shape[1])
    return nnf.ctc_loss(frames, targets, count, lengths, BLANK, reduction="none", zero_infinity=True)


def merged(output: Tensor, labels: Sequence[str], loose: Sequence[str]) -> Tensor:
    """Log-probabilities `[N, T, CLASSES]` in which blank has the probability of what is loose and not in the label.

    So what nobody has labelled is no mistake, wherever it stands.
    """
    free = torch.zeros(len(labels), 1, CLASSES, dtype=torch.bool)
    for row, label, symbols in zip(free, labels, loose, strict=True):
        row[0, [INDEX[symbol] for symbol in symbols if symbol not in label]] = True
    free = free.to(output.device)
    blank = free.clone()
    blank[..., BLANK] = True
    blanks = torch.logsumexp(output.masked_fill(~blank, NEVER), 2, keepdim=True)
    return torch.cat([output.masked_fill(free, NEVER)[..., :BLANK], blanks], 2)


def exact_match(network: LineNetwork, labelled: list[Labelled]) -> float:
    """The share of strips whose best path is their label, apart from what is loose in it."""
    network.eval()
    right = 0
    with torch.inference_mode():
        for batch in batches.batches(labelled, np.random.default_rng(0)):
            output = network(to_input(batch.strips, next(network.parameters()).device))
            for frames, label in zip(merged(output, batch.labels, batch.loose), batch.labels, strict=True):
                right += best_path(frames.float().cpu().numpy(), SYMBOLS) == label
    return right / len(labelled)


def to_input(pictures: Strip, device: torch.device) -> Tensor:
    """Strips uint8 `[N, 32, W]` as what the network takes."""
    return torch.from_numpy(pictures).to(device)[:, None].float() / 255
