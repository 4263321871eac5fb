"""`mnist-predict train`: train a model version; torch is imported only when one of these runs."""

import importlib.util
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_predict.errors import BadRequest

if TYPE_CHECKING:
    from mnist_predict.training.train import Recipe, Run

FLAGS = (
    click.option("--data", type=click.Path(path_type=Path), default=Path("data/mnist"), show_default=True,
                 help="Folder of the four MNIST files."),
    click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("runs"), show_default=True,
                 help="Where checkpoints and finished model versions go."),
    click.option("--seed", type=int, help="Seed of everything random."),
    click.option("--epochs", type=click.IntRange(1), help="Times through the training pictures."),
    click.option("--device", default="", help="cuda, mps or cpu; by itself the fastest that is there."),
    click.option("--resume", is_flag=True, help="Go on from the checkpoint that an interrupted run left."),
)  # fmt: skip


def flags(command: Callable[..., None]) -> Callable[..., None]:
    """The flags that both ways to train share."""
    for flag in reversed(FLAGS):
        command = flag(command)
    return command


@click.group()
def train() -> None:
    """Train a model version; Ctrl-C keeps a checkpoint to go on from."""
    if importlib.util.find_spec("torch") is None:
        raise BadRequest("Training needs torch: pip install 'mnist-predict[train]'.")


@train.command()
@flags
def new(**given: Any) -> None:
    """Train from scratch."""
    from mnist_predict.training.train import Recipe

    run("train new", Recipe(), None, **given)


@train.command("continue")
@click.option("--from", "start", type=click.Path(file_okay=False, path_type=Path), default="",
              help="Folder of the version whose weights to go on from; by default the shipped one.")  # fmt: skip
@flags
def continue_(start: Path, **given: Any) -> None:
    """Train on from a version's weights: few epochs, small steps."""
    from mnist_predict.models.registry import open_version
    from mnist_predict.training.train import Recipe

    folder = open_version(start if str(start) != "." else "").folder
    run("train continue", Recipe(epochs=5, rate=0.02, start=folder.name), folder, **given)


def run(
    command: str,
    recipe: "Recipe",
    start: Path | None,
    data: Path,
    out: Path,
    device: str,
    resume: bool,
    seed: int | None,
    epochs: int | None,
) -> None:
    """Train by a recipe, from new weights or those of the version in `start`, and write the version."""
    from mnist_predict.models.registry import Version
    from mnist_predict.training import dataset, export
    from mnist_predict.training import train as training

    recipe = replace(recipe, seed=recipe.seed if seed is None else seed, epochs=epochs or recipe.epochs)
    where = training.find_device(device)
    dataset.hashes(data)  # a missing file is told now, not after the last epoch
    checkpoint = out / f"{command.replace(' ', '-')}-seed{recipe.seed}.checkpoint"
    out.mkdir(parents=True, exist_ok=True)
    if resume:
        state = training.resume(checkpoint, where)
    else:
        weights = export.load_weights(Version(start)) if start else None
        state = training.begin(recipe, where, weights)
    try:
        with_bar(state, data, checkpoint)
    except KeyboardInterrupt:
        click.echo(f"Stopped after epoch {state.epoch}. Go on with the same command and --resume.", err=True)
        raise SystemExit(130) from None
    version = export.write_version(state.average, report(command, state, data, str(where)), out)
    test = version.report["test"]
    click.echo(f"{version.folder}: {test['accuracy']:.2%} on the test set")
    checkpoint.unlink()


def with_bar(state: "Run", data: Path, checkpoint: Path) -> None:
    """Train, showing epoch, loss, validation accuracy and time left."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from mnist_predict.training.train import train as train_on

    columns = (
        TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
        BarColumn(),
        TextColumn("loss {task.fields[loss]:.4f}  validation {task.fields[validation]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=None, epoch=state.epoch, epochs=state.recipe.epochs, loss=0, validation="-")

        def progress(step: int, steps: int, loss: float, validation: float | None) -> None:
            epoch = min(step * state.recipe.epochs // steps + 1, state.recipe.epochs)
            bar.update(task, completed=step, total=steps, loss=loss, epoch=epoch)
            if validation is not None:
                bar.update(task, validation=f"{validation:.2%}")
                if not console.is_terminal:  # a log file gets a line an epoch
                    console.print(f"epoch {state.epoch}: loss {loss:.4f}, validation {validation:.2%}")

        train_on(state, data, progress, checkpoint)


def report(command: str, state: "Run", data: Path, device: str) -> dict[str, Any]:
    """How a finished run was made and how good it is: what `report.json` holds."""
    import datetime
    import platform

    import numpy
    import onnx
    import torch

    from mnist_predict.training import calibrate, dataset

    return {
        "command": f"mnist-predict {command}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "data_sha256": dataset.hashes(data),
        "recipe": asdict(state.recipe),
        "device": f"{device}, {platform.machine()}, {torch.get_num_threads()} thread(s)",
        "minutes": round(state.seconds / 60, 1),
        "libraries": {"python": platform.python_version()}
        | {module.__name__: module.__version__ for module in (torch, numpy, onnx)},
        "history": state.history,
        **calibrate.measure(state.average, data),
    }
