"""`mnist-predict replay`: what another version reads in the pictures that are kept."""

from datetime import UTC, datetime
from pathlib import Path

import click

from mnist_predict.cli.flags import setting
from mnist_predict.cli.store import existing
from mnist_predict.settings import Settings


@click.command()
@click.option(
    "--model",
    default="candidate",
    show_default=True,
    help="The version to read with: its name, candidate, champion, previous or shipped.",
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    default=None,
    help="Only what was uploaded since then, UTC.",
)
@setting("store")
def replay(model: str, since: datetime | None, store: str | None) -> None:
    """Read the kept pictures again with another version, and print what it reads otherwise.

    Its readings are kept beside the old ones, in replays/ of the data folder; the store is not changed. Interrupted, it
    goes on when it is run again.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from mnist_predict.champion import named, pull
    from mnist_predict.learning.replay import Replay

    data = Path(Settings.from_environment().data)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("records, left"), TimeRemainingColumn())
    with existing(store) as kept:
        version = pull(kept, named(kept, model), data / "models")
        run = Replay(data, version, kept)
        try:
            with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
                task = bar.add_task("", total=kept.count() if since is None else None)
                run.run(since.replace(tzinfo=UTC) if since else None, lambda more: bar.advance(task, more))
            difference = run.beside.difference()
        finally:
            run.close()
    click.echo(f"{version.name} reads {difference.changed} of {difference.read} pictures otherwise.")
    for was, now, count in difference.changes:
        click.echo(f"{was or 'no number'}\t{now or 'no number'}\t{count}")
    if difference.sample:
        click.echo("Some to look at:")
    for record in difference.sample:
        click.echo(f"/records/{record}")
