"""The command line: a thin face over the service; what a command needs is imported when it runs."""

import importlib.util
import json
import signal
import sys
from pathlib import Path
from typing import Any

import click

from mnist_predict.cli.flags import all_settings, setting
from mnist_predict.cli.learn import learn
from mnist_predict.cli.models import models
from mnist_predict.cli.replay import replay
from mnist_predict.cli.store import counted, store
from mnist_predict.cli.train import train
from mnist_predict.errors import BadRequest, UserError
from mnist_predict.settings import Settings


class Commands(click.Group):
    """A group of commands: a `UserError` ends with a line on stderr and exit code 2."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(context)
        except UserError as error:
            click.echo(f"mnist-predict: {error}", err=True)
            context.exit(2)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="mnist-predict")
def main() -> None:
    """Reads handwritten numbers from pictures and keeps them."""


@main.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print whole readings as JSON, one per line.")
@click.option("--all", "print_all", is_flag=True, help="Print all numbers, one per line, in reading order.")
@click.option("--expect", metavar="WORDS", help="What the number is expected to be, as above.")
@click.option(
    "--explain",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the picture with what was read drawn on it (PNG).",
)
@click.option(
    "--table", type=click.Path(dir_okay=False, path_type=Path), help="Write the numbers as rows and columns (CSV)."
)
@setting("model")
@click.pass_context
def predict(
    context: click.Context,
    files: tuple[str, ...],
    as_json: bool,
    print_all: bool,
    expect: str | None,
    explain: Path | None,
    table: Path | None,
    model: str,
) -> None:
    """Read the number in each FILE (- is standard input); keeps nothing.

    Prints the most prominent number as it is written; for several files, FILE, a tab and the number.
    To --explain and --table, - is standard output: what they write is then printed instead of the number.
    Exit code 0: all read; 1: no number found in at least one file; 2: at least one file could not be read.

    \b
    --expect "4 digits" or "1-3 digits"     so many digits
             "0..100"                       a range
             "12,15,20"                     one of these
             "/[0-4]\\d{2}/"                 a regular expression
             "luhn" "mod 11" "mod 97"       a check digit or two
    or several of them: "8 digits luhn". Reads the number that fits best, and says how it reads without.
    """
    if (explain or table) and len(files) > 1:
        raise BadRequest("--explain and --table are for a single picture: give one FILE.")
    from mnist_predict.vision.read.expect import expectation
    from mnist_predict.vision.recognizer import open_recognizer

    expected = None if expect is None else expectation(expect)
    reader = open_recognizer(Settings.from_environment().but(model=model).model)
    written_out = Path("-") in (explain, table)
    code = 0
    for file in files:
        try:
            data = read_file(file)
            reading = reader.read(data, expected)
        except UserError as error:
            click.echo(f"{file}: {error}", err=True)
            code = 2
            continue
        if as_json and not written_out:
            click.echo(json.dumps(({"file": file} if len(files) > 1 else {}) | reading.to_dict()))
        elif not written_out:
            numbers = [number.written for number in reading.numbers] if print_all else []
            for number in numbers or [reading.written]:
                click.echo(f"{file}\t{number}" if len(files) > 1 else number)
            if reading.others and not print_all:
                click.echo(
                    f"{file}: {counted(len(reading.others), 'other number')} found; print all with --all", err=True
                )
        if not reading.written:
            code = max(code, 1)
        for advice in reading.advice:
            click.echo(f"{file}: {advice}", err=True)
        if explain:
            from mnist_predict.vision.tell.explain import draw

            write_file(explain, draw(data, reading))
        if table:
            from mnist_predict.vision.tell.table import as_csv

            write_file(table, as_csv(reading))
    context.exit(code)


@main.command(context_settings={"ignore_unknown_options": True})  # -12 is a number, not an option
@click.argument("image")
@click.argument("number")
@setting("store")
def record(image: str, number: str, store: str | None) -> None:
    """Record by hand that the picture IMAGE shows NUMBER, such as 4072, 3.65 or -12; prints the id of the record.

    If IMAGE is a file, its picture is kept too.
    """
    from mnist_predict.service import open_service

    path = Path(image)
    data = read_file(image) if path.is_file() else None
    service = open_service(Settings.from_environment().but(store=store))
    try:
        click.echo(service.record_by_hand(path.name, number, data).id)
    finally:
        service.store.close()


@main.command()
@all_settings
def serve(**flags: Any) -> None:
    """Serve the pages and the HTTP interface until interrupted."""
    # The first process of a container is not ended by a signal that it does not handle; later the server does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    from mnist_predict.web.server import serve as run

    run(Settings.from_environment().but(**flags))


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print all results as JSON.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Plot confidence against errors (PNG).")
@setting("model")
def evaluate(folder: Path, as_json: bool, plot: Path | None, model: str) -> None:
    """Measure accuracy on FOLDER: labels.csv (image_name,label) with pictures, or MNIST's test set as idx files.

    A line of labels.csv with a box is of the number that is read there, as `store export --pictures` writes it.
    """
    from rich.console import Console
    from rich.progress import Progress

    from mnist_predict.training.evaluation.evaluate import evaluate as run
    from mnist_predict.training.evaluation.evaluate import samples
    from mnist_predict.vision.recognizer import open_recognizer

    if plot and importlib.util.find_spec("matplotlib") is None:
        raise BadRequest("--plot needs matplotlib: pip install 'mnist-predict[train]'.")
    chosen = samples(folder)
    reader = open_recognizer(Settings.from_environment().but(model=model).model)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=len(chosen))
        report = run(reader, chosen, lambda: bar.advance(task))
    if plot:
        from mnist_predict.training.evaluation.plots import curves

        write_file(plot, curves({folder.name: report}))
    if as_json:
        click.echo(json.dumps(report))
        return
    low, high = report["interval_95"]
    click.echo(f"exact match          {report['exact_match']:.2%} of {report['n']} (95 %: {low:.2%} to {high:.2%})")
    click.echo(f"digits right         {report['digit_accuracy']:.2%}")
    click.echo(f"too long or short    {report['length_errors']}")
    click.echo(f"no number found      {report['no_number']}")
    click.echo(f"error, surest 80 %   {report['error_at_80']:.2%}")
    click.echo(f"calibration error    {report['ece']:.4f} ({report['ece_by_chance']:.4f} by chance alone)")
    click.echo("right from wrong     " + ("-" if report["auroc"] is None else f"{report['auroc']:.4f} (AUROC)"))
    click.echo(f"negative log-lik.    {report['nll']:.4f}")
    click.echo(f"time a picture       {report['seconds_per_picture'] * 1000:.2f} ms")
    for name, label, read, confidence in sorted(report["wrong"], key=lambda row: -row[3])[:10]:
        click.echo(f"  {name}: {label} read as {read or 'nothing'} ({confidence:.3f})")


main.add_command(train)
main.add_command(store)
main.add_command(models)
main.add_command(learn)
main.add_command(replay)


def read_file(file: str) -> bytes:
    """The bytes of a file; `-` is standard input. Raises `BadRequest`."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise BadRequest(f"{file} cannot be read: {error.strerror}.") from error


def write_file(path: Path, data: bytes) -> None:
    """Write a file that the user named, or standard output for `-`; raises `BadRequest`."""
    if path == Path("-"):
        click.echo(data, nl=False)
        return
    try:
        path.write_bytes(data)
    except OSError as error:
        raise BadRequest(f"{path} cannot be written: {error.strerror}.") from error
