"""`mnist-predict replay`: what another version reads in the pictures that are kept."""

from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import click

from mnist_predict.cli.flags import setting
from mnist_predict.cli.spark import master, open_cluster
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
@master
@setting("store")
def replay(model: str, since: datetime | None, spark: str | None, store: str | None) -> None:
    """Read the kept pictures again with another version, and print what it reads otherwise.

    Its readings are kept beside the old ones, in replays/ of the data folder; the store is not changed. Interrupted, it
    goes on when it is run again. With --spark, the executors of a Spark cluster read: see docs/scale.md.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from mnist_predict.champion import named, pull
    from mnist_predict.learning.replay import Replay

    data = Path(Settings.from_environment().data)
    when = since.replace(tzinfo=UTC) if since else None
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("records, left"), TimeRemainingColumn())
    with existing(store) as kept, ExitStack() as stack:
        version = pull(kept, named(kept, model), data / "models")
        if spark is None:
            run = Replay(data, version, kept)
        else:
            cluster = stack.enter_context(open_cluster(spark, store))
            from mnist_predict.learning.spark.replay import SparkReplay

            run = SparkReplay(data, version, kept, cluster)
        stack.enter_context(closing(run))
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=run.total(when))
            run.run(when, lambda more: bar.advance(task, more))
        difference = run.beside.difference()
    click.echo(f"{version.name} reads {difference.changed} of {difference.read} pictures otherwise.")
    for was, now, count in difference.changes:
        click.echo(f"{was or 'no number'}\t{now or 'no number'}\t{count}")
    if difference.sample:
        click.echo("Some to look at:")
    for record in difference.sample:
        click.echo(f"/records/{record}")
