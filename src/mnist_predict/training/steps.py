"""What training any network takes: its device, the pace of a run, averaged weights, checkpoints."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import nn

from mnist_predict.errors import BadRequest

Progress = Callable[[float, int, float, float | None], None]  # epochs done, of how many, loss, validation accuracy
N = TypeVar("N", bound=nn.Module)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a run gives: it is kept in the report of the version."""

    epochs: int
    max_lr: float  # highest learning rate of the one-cycle schedule (Smith and Topin 2017)
    warmup_fraction: float  # share of the run in which the rate rises
    ema_decay: float  # of weights, per step (EMA; Polyak and Juditsky 1992)
    weight_decay: float  # of weights
    seed: int = 1
    start: str = ""  # the version whose weights it went on from


def find_device(name: str = "") -> torch.device:
    """The device of that name; by itself the fastest that is there: cuda, mps, cpu. Raises `BadRequest`."""
    if not name:
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise BadRequest(f"The device {name!r} is not to be had here; try --device cpu.") from error


def has_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is computed in hardware there; emulated it is slower than float32."""
    return device.type == "cuda" or (device.type == "cpu" and torch.cpu._is_avx512_bf16_supported())


class Run(Generic[N]):
    """A network on its way: everything a checkpoint holds."""

    def __init__(self, recipe: Recipe, network: N, average: N, optimizer: torch.optim.Optimizer) -> None:
        self.recipe = recipe
        self.network = network
        self.average = average
        self.optimizer = optimizer
        self.epoch = 0
        self.step = 0
        self.seconds = 0.0
        self.history: list[dict[str, float]] = []
        average.load_state_dict(network.state_dict())

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.network.parameters()).device

    def set_rate(self, done: float) -> None:
        """The learning rate when so many epochs are done: up, then down to nothing along a cosine."""
        recipe = self.recipe
        share = min(done / recipe.epochs, 1.0)
        if share < recipe.warmup_fraction:
            shape = share / recipe.warmup_fraction
        else:
            shape = (1 + math.cos(math.pi * (share - recipe.warmup_fraction) / (1 - recipe.warmup_fraction))) / 2
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.max_lr * max(shape, 1e-3)

    def learn(self, loss: torch.Tensor, clip: float = math.inf) -> None:
        """One step down the loss, and the average a little after it."""
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), clip)
        self.optimizer.step()
        self.step += 1
        # Weights of the first steps would linger in the average for the whole of a short run.
        keep = min(self.recipe.ema_decay, self.step / (self.step + 10))
        with torch.no_grad():
            for mean, now in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
                if mean.is_floating_point():
                    mean.lerp_(now, 1 - keep)
                else:
                    mean.copy_(now)  # batch normalization's count of batches

    def save(self, path: Path) -> None:
        """Write a checkpoint; a crash meanwhile leaves the one before."""
        new = path.with_suffix(".new")
        state: dict[str, Any] = {name: getattr(self, name).state_dict() for name in ("network", "average", "optimizer")}
        state |= {name: getattr(self, name) for name in ("epoch", "step", "seconds", "history")}
        torch.save(state | {"recipe": asdict(self.recipe), "random": torch.get_rng_state()}, new)
        new.replace(path)

    def restore(self, state: dict[str, Any]) -> None:
        """Stand where that checkpoint was written."""
        for name in ("network", "average", "optimizer"):
            getattr(self, name).load_state_dict(state[name])
        for name in ("epoch", "step", "seconds", "history"):
            setattr(self, name, state[name])
        torch.set_rng_state(state["random"].cpu())


def begin_adamw(
    recipe: Recipe, make: Callable[[], N], device: torch.device, weights: dict[str, torch.Tensor] | None
) -> Run[N]:
    """A run at its first step, with AdamW (Loshchilov and Hutter 2019), from `weights` or from new ones of the recipe's
    seed."""
    torch.manual_seed(recipe.seed)
    network, average = (make().to(device) for _ in range(2))
    if weights is not None:
        network.load_state_dict(weights)
    optimizer = torch.optim.AdamW(network.parameters(), recipe.max_lr, weight_decay=recipe.weight_decay)
    return Run(recipe, network, average, optimizer)


class Trainer(Protocol):
    """What a module offers that trains one of the networks."""

    Recipe: type[Any]

    def begin(self, recipe: Any, device: torch.device, weights: dict[str, torch.Tensor] | None = None) -> Run[Any]:
        """A run at its first step, from `weights` or from new ones."""

    def train(self, run: Run[Any], data: Path, hands: Path | None, progress: Progress, checkpoint: Path) -> None:
        """Train until the recipe's last epoch, with a checkpoint after each."""


def read_checkpoint(path: Path, device: torch.device) -> dict[str, Any]:
    """The state that `Run.save` wrote; raises `BadRequest` for anything else."""
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise BadRequest(f"{path} is not a checkpoint to resume from.") from error
    return state
