"""`mnist-predict learn`: what people corrected makes a candidate; torch is imported only when it runs."""

import importlib.util
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_predict.cli.flags import setting
from mnist_predict.cli.models import BY
from mnist_predict.cli.store import existing
from mnist_predict.errors import BadRequest, NotFound, StoreUnavailable
from mnist_predict.settings import Settings

if TYPE_CHECKING:
    from mnist_predict.learning.learn import Candidate, Task

_TRY_AGAIN = 60  # seconds, while the store does not answer
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@click.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Folder of pictures with labels.csv to learn from, instead of the store; proposes nothing there.",
)
@click.option(
    "--mnist",
    type=click.Path(path_type=Path),
    default=Path("data/mnist"),
    show_default=True,
    help="Folder of the four MNIST files.",
)
@click.option(
    "--hands",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Folder of archives of other handwriting to train on too, as for train.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Where checkpoints, candidates and their reports go.",
)
@click.option("--device", default="", help="cuda, mps or cpu; by itself the fastest that is there.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of everything random.")
@click.option(
    "--gate",
    "gates",
    metavar="NAME=VALUE",
    multiple=True,
    help="Change what the gate asks for: significance, least_gain, calibration, speed, size; or on how many "
    "pictures it looks: mnist, test, pages, nothing.",
)
@click.option("--every", metavar="TIME", help="Stay, and learn as often (30m, 6h, 1d) if there are 20 new labels.")
@setting("store")
@setting("model")
def learn(
    data: Path | None,
    mnist: Path,
    hands: Path | None,
    out: Path,
    device: str,
    seed: int,
    gates: tuple[str, ...],
    every: str | None,
    store: str | None,
    model: str | None,
) -> None:
    """Learn from what people corrected and confirmed: makes a candidate and measures it beside the champion.

    Needs 20 labels. A fifth of them is never learned, but measured on. Run again after an interruption, it
    goes on. `models promote` makes the candidate the champion, if it has passed.

    Exit code 1: the candidate has not passed.
    """
    if importlib.util.find_spec("torch") is None:
        raise BadRequest("Learning needs torch: pip install 'mnist-predict[train]'.")
    from mnist_predict.learning.gate import Thresholds
    from mnist_predict.learning.learn import Task
    from mnist_predict.review import ENOUGH

    thresholds = Thresholds(**dict(_threshold(each) for each in gates))
    task = Task(mnist, out, hands, device, seed, gate=thresholds)
    pause = None if every is None else _seconds(every)
    if data is not None:
        _from_folder(task, data, model)
        return
    if pause is None:
        if not _from_store(task, store, 0):
            raise SystemExit(1)
        return
    while True:
        try:
            _from_store(task, store, ENOUGH)
        except BadRequest as error:
            click.echo(str(error), err=True)
        except (StoreUnavailable, NotFound) as error:  # the service may make the store yet
            click.echo(str(error), err=True)
            time.sleep(min(pause, _TRY_AGAIN))
            continue
        time.sleep(pause)


def _from_folder(task: "Task", data: Path, model: str | None) -> None:
    from mnist_predict.learning.dataset import of_folder
    from mnist_predict.learning.learn import learn as run
    from mnist_predict.models.registry import open_version

    champion = open_version(Settings.from_environment().but(model=model).model)
    with _bars() as progress:
        made = run(of_folder(data), champion, task, progress)
    _tell(made)
    if not made.passed:
        raise SystemExit(1)


def _from_store(task: "Task", store: str | None, enough: int) -> bool:
    """Whether the candidate passed; True, too, where there are not that many labels more than were last learned."""
    from mnist_predict.champion import propose, pull, standing
    from mnist_predict.learning.dataset import of_store
    from mnist_predict.learning.learn import learn as run

    with existing(store) as kept:
        dataset = of_store(kept)
        before = max((version.about.get("learned", {}).get("pictures", 0) for version in kept.versions()), default=0)
        new = len(dataset.train) + len(dataset.held_out) - before
        if new < enough:
            click.echo(f"{new} new labels; the next candidate is worthwhile with {enough}.")
            return True
        folder = Path(Settings.from_environment().data) / "models"
        with _bars() as progress:
            made = run(dataset, pull(kept, standing(kept).reading, folder), task, progress)
        count = len(dataset.train) + len(dataset.held_out)
        propose(kept, made.version, f"learned from {count} labels", BY)
    _tell(made)
    return made.passed


def _tell(made: "Candidate") -> None:
    for check in made.version.learned["gate"]["checks"]:
        click.echo(f"{'passed    ' if check['passed'] else 'NOT PASSED'}  {check['name']}: {check['words']}")
    if made.doubts:
        click.echo(f"Look at {len(made.doubts)} labels again, which were not learned:")
        for doubt in made.doubts:
            named = doubt.picture.record or doubt.picture.key[:16]
            click.echo(f"  {named}: {doubt.picture.label or 'no number'}, read {doubt.read}")
    click.echo(f"{made.version.folder}: {'passed the gate' if made.passed else 'did not pass the gate'}")
    click.echo(f"report: {made.report}")


def _threshold(given: str) -> tuple[str, Any]:
    from mnist_predict.learning.gate import Thresholds

    name, _, value = given.partition("=")
    kinds: dict[str, Any] = {field.name: type(field.default) for field in fields(Thresholds)}
    try:
        return name, kinds[name](value)
    except (KeyError, ValueError):
        raise BadRequest(f"--gate takes NAME=VALUE, NAME one of {', '.join(kinds)}, not {given!r}.") from None


def _seconds(given: str) -> int:
    match = re.fullmatch(r"([1-9]\d{0,5})([smhd])", given)
    if match is None:
        raise BadRequest(f"--every takes a time such as 30m, 6h or 1d, not {given!r}.")
    return int(match[1]) * _SECONDS[match[2]]


@contextmanager
def _bars() -> Iterator[Callable[[str, float, float], None]]:
    """A progress bar for each stage on stderr; in a log file a line for each."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns: tuple[Any, ...] = (
        *(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"), TimeElapsedColumn()),
        *(TextColumn("left"), TimeRemainingColumn()),
    )
    tasks: dict[str, Any] = {}
    with Progress(*columns, console=console) as bar:

        def progress(stage: str, done: float, of: float) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=of)
                if not console.is_terminal:
                    console.print(stage)
            bar.update(tasks[stage], completed=done, total=of)

        yield progress
