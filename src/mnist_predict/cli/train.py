"""`mnist-predict train`: train a model version; torch is imported only when one of these runs."""

import importlib.util
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from mnist_predict.errors import BadRequest
from mnist_predict.models.registry import PARTS, Part, Version, open_version

if TYPE_CHECKING:
    from mnist_predict.training.steps import Run, Trainer

FLAGS = (
    click.argument("network", type=click.Choice(PARTS), default="digits"),
    click.option("--from", "start", type=click.Path(file_okay=False, path_type=Path), default=None,
                 help="Folder of the version whose weights to take; by default the shipped one."),
    click.option("--data", type=click.Path(path_type=Path), default=Path("data/mnist"), show_default=True,
                 help="Folder of the four MNIST files."),
    click.option("--hands", type=click.Path(exists=True, file_okay=False, path_type=Path), default=None,
                 help="Folder of archives of other handwriting to train on too: zips of PNG files with a labels.csv "
                 "(image_name,label,hand), or .jsonl.gz files of pen strokes."),
    click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("runs"), show_default=True,
                 help="Where checkpoints and finished model versions go."),
    click.option("--seed", type=int, help="Seed of everything random."),
    click.option("--epochs", type=click.IntRange(1),
                 help="Times through the training pictures, 40,960 strips, or 320 batches of pages."),
    click.option("--device", default="", help="cuda, mps or cpu; by itself the fastest that is there."),
    click.option("--resume", is_flag=True, help="Go on from the checkpoint that an interrupted run left."),
)  # fmt: skip


class Options(NamedTuple):
    """What the flags said."""

    network: Part
    start: Path | None
    data: Path
    hands: Path | None
    out: Path
    seed: int | None
    epochs: int | None
    device: str
    resume: bool


def flags(command: Callable[..., None]) -> Callable[..., None]:
    """The flags that both ways to train share."""
    for flag in reversed(FLAGS):
        command = flag(command)
    return command


@click.group()
def train() -> None:
    """Train a network of a model version; Ctrl-C keeps a checkpoint to go on from.

    NETWORK is digits (reads a single digit), line (reads a line of digits and marks) or page (finds lines of digits on
    a page). The new version has the other networks from the version that it starts at.
    """
    if importlib.util.find_spec("torch") is None:
        raise BadRequest("Training needs torch: pip install 'mnist-predict[train]'.")


@train.command()
@flags
def new(**given: Any) -> None:
    """Train from scratch."""
    run("train new", {}, False, Options(**given))


@train.command("continue")
@flags
def continue_(**given: Any) -> None:
    """Train on from a version's weights: few epochs, small steps."""
    options = Options(**given)
    gently: dict[Part, dict[str, Any]] = {
        "digits": {"epochs": 5, "max_lr": 0.02},
        "line": {"epochs": 8, "max_lr": 1.2e-3, "easy": 0},
        "page": {"epochs": 6, "max_lr": 1.5e-3},
    }
    run("train continue", gently[options.network], True, options)


def run(command: str, changes: dict[str, Any], go_on: bool, options: Options) -> None:
    """Train a network from new weights or those of the version in `start`, and write the version."""
    from mnist_predict.training import export, mnist, steps
    from mnist_predict.training.digit import train as digits
    from mnist_predict.training.line import train as line
    from mnist_predict.training.page import train as page

    network, data, hands = options.network, options.data, options.hands
    trainers: dict[Part, Trainer] = {"digits": digits, "line": line, "page": page}
    trainer = trainers[network]
    beside = open_version(options.start or "")
    seed = 1 if options.seed is None else options.seed
    changes = changes | {"seed": seed} | ({"epochs": options.epochs} if options.epochs else {})
    device = steps.find_device(options.device)
    mnist.hashes(data)  # a missing file is told now, not after the last epoch
    checkpoint = options.out / f"{command.replace(' ', '-')}-{network}-seed{seed}.checkpoint"
    options.out.mkdir(parents=True, exist_ok=True)
    saved = steps.read_checkpoint(checkpoint, device) if options.resume else None
    if saved is not None:
        recipe = trainer.Recipe(**saved["recipe"])
    else:
        recipe = replace(trainer.Recipe(start=beside.name if go_on else ""), **changes)
    state = trainer.begin(recipe, device, export.load_weights(beside, network) if go_on else None)
    if saved is not None:
        state.restore(saved)
    try:
        with_bar(trainer.train, state, data, hands, checkpoint)
    except KeyboardInterrupt:
        click.echo(f"Stopped after epoch {state.epoch}. Go on with the same command and --resume.", err=True)
        raise SystemExit(130) from None
    export.to_float16(state.average)
    made = report(f"{command} {network}", network, state, data, hands, str(device))
    version: Version = export.write_version(state.average, network, made, options.out, beside)
    on = "test" if "test" in made else "validation"
    click.echo(f"{version.folder}: {made[on]['accuracy']:.2%} on the {on} set")
    checkpoint.unlink()


def with_bar(
    train_on: Callable[..., None], state: "Run[Any]", data: Path, hands: Path | None, checkpoint: Path
) -> None:
    """Train, showing epoch, loss, validation accuracy and time left."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

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

        def progress(done: float, epochs: int, loss: float, validation: float | None) -> None:
            bar.update(task, completed=done, total=epochs, loss=loss, epoch=min(int(done) + 1, epochs))
            if validation is not None:
                bar.update(task, validation=f"{validation:.2%}")
                if not console.is_terminal:  # a log file gets a line an epoch
                    console.print(f"epoch {state.epoch}: loss {loss:.4f}, validation {validation:.2%}")

        train_on(state, data, hands, progress, checkpoint)


def report(
    command: str, network: Part, state: "Run[Any]", data: Path, hands: Path | None, device: str
) -> dict[str, Any]:
    """How a finished run was made and how good it is: what `report.json` holds."""
    import datetime
    import platform

    import numpy
    import onnx
    import torch

    from mnist_predict.training import handwriting, mnist
    from mnist_predict.training.evaluation import calibrate
    from mnist_predict.training.synthesis.shapes import fonts

    if network == "digits":
        measured = calibrate.measure_digits(state.average, data)
    elif network == "line":
        measured = {"fonts": len(fonts.find()), **calibrate.measure_line(state.average, data, hands)}
    else:
        measured = {"fonts": len(fonts.find()), **calibrate.measure_page(state.average, data, hands)}
    return {
        "command": f"mnist-predict {command}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "data_sha256": mnist.hashes(data),
        "hands": handwriting.names(hands) if hands else [],
        "recipe": asdict(state.recipe),
        "device": f"{device}, {platform.machine()}, {torch.get_num_threads()} thread(s)",
        "minutes": round(state.seconds / 60, 1),
        "libraries": {"python": platform.python_version()}
        | {module.__name__: module.__version__ for module in (torch, numpy, onnx)},
        "history": state.history,
        **measured,
    }
