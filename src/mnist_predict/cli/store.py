"""`mnist-predict store`: make, copy, check and export stores."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mnist_predict.cli.flags import setting
from mnist_predict.cli.spark import master, writing_on
from mnist_predict.errors import BadRequest, Gone
from mnist_predict.settings import Settings

if TYPE_CHECKING:
    from mnist_predict.store.protocol import Store


@click.group()
def store() -> None:
    """Make, copy, check and export stores."""


@store.command()
@setting("store")
def init(store: str | None) -> None:
    """Create the store, or migrate an older one, and check that it can be written."""
    from mnist_predict.store.opening import data_place, open_store

    url = Settings.from_environment().but(store=store).store_url
    with closing(open_store(url)) as kept:
        kept.check_writable()
    click.echo(f"Ready: {data_place(url)}")


@store.command()
@click.argument("source")
@click.argument("target")
def copy(source: str, target: str) -> None:
    """Copy all records and pictures of the store SOURCE to TARGET under the same ids, then compare both.

    If interrupted, just run it again. Exit code 1: something is missing or differs in TARGET.
    """
    from mnist_predict.store.opening import open_existing_store, open_store
    from mnist_predict.store.tools.copy import copy as run
    from mnist_predict.store.versions.copying import copy_versions

    origin = open_existing_store(source)
    with closing(origin), closing(open_store(target)) as other, counting("copied and compared") as progress:
        copied = run(origin, other, progress)
        versions = copy_versions(origin, other)
    click.echo(
        f"{copied.records} records and {copied.pictures} pictures are the same in both; "
        f"{copied.added} records were added, {len(copied.merged)} were there under another id, "
        f"{len(copied.erased)} were erased there."
        + (f" {counted(versions, 'model version')} came along." if versions else "")
    )
    tell(copied.wrong)


@store.command()
@setting("store")
def check(store: str | None) -> None:
    """Read all records and pictures, and compare the pictures with their hashes.

    Exit code 1: a picture is missing or altered, or an erased record is still there.
    """
    from mnist_predict.store.tools.check import check as run

    with existing(store) as kept, counting("checked") as progress:
        checked = run(kept, progress)
    click.echo(f"{checked.records} records and {checked.pictures} pictures were checked.")
    for digest in checked.without_record:
        click.echo(f"picture {digest} has no record (an upload that was broken off)")
    tell(
        [f"record {record} has no picture" for record in checked.without_picture]
        + [f"picture {digest} is altered" for digest in checked.altered]
        + [f"record {record} was erased and is still there: erase it again" for record in checked.half_erased]
    )


@store.command()
@click.argument("record_ids", nargs=-1, required=True, metavar="RECORD_ID...")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@setting("store")
def erase(record_ids: tuple[str, ...], yes: bool, store: str | None) -> None:
    """Erase pictures for good, with all their records and labels; RECORD_ID is the id of any of these.

    A record without a picture is erased with its labels. Erased ids are never stored again. Backups are not changed.
    """
    from mnist_predict.service import open_service
    from mnist_predict.store.opening import open_existing_store
    from mnist_predict.store.protocol import ERASED_AT_ONCE

    settings = Settings.from_environment().but(store=store)
    open_existing_store(settings.store_url)
    service = open_service(settings)
    try:
        for record_id in record_ids:
            try:
                together = service.erased_with(record_id)
            except Gone:
                service.erase(record_id)  # completes what was interrupted
                raise
            labels = [record.label_of is not None for record in together]
            words = f"{counted(labels.count(False), 'record')} and {counted(labels.count(True), 'label')}"
            if len(together) >= ERASED_AT_ONCE:
                words = f"{len(together)} records and labels or more"
            if not yes:
                click.confirm(f"Erase {words} of {record_id} for good?", abort=True, err=True)
            complete = False
            with counting("erased") as progress:
                while not complete:
                    erasure = service.erase(record_id, "command line")
                    complete = erasure.complete
                    progress(len(erasure.records))
            click.echo(f"{record_id}\terased for good: {words}")
    finally:
        service.store.close()


@store.command()
@setting("store")
def erased(store: str | None) -> None:
    """Print what was erased: when, by whom, and the ids of the records, separated by tabs."""
    with existing(store) as kept:
        for erasure in kept.erasures():
            told = erasure.to_dict()
            click.echo("\t".join([told["time"], told["by"] or "", " ".join(told["erased"])]))


@store.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--pictures", is_flag=True, help="Write labelled pictures and labels.csv into the folder FILE.")
@click.option("--bom", is_flag=True, help="Begin a CSV file with a byte order mark, for Excel.")
@master
@setting("store")
def export(file: Path, pictures: bool, bom: bool, spark: str | None, store: str | None) -> None:
    """Write all records to FILE, whose name ends in .csv, .jsonl or .parquet.

    In CSV, names that a spreadsheet would take for a formula get an apostrophe before them. With --pictures, FILE is a
    folder that `evaluate` and `learn` read: every picture that people labelled, and labels.csv
    (image_name,label,by,time,confirmed,page,box,turned) with the newest label of each; an empty label says that there
    is no number. Where people told several numbers of a picture, each has a line with its box: x, y, width and height
    in pixels of the upright page.
    With --spark, the executors of a Spark cluster write these pictures: see docs/scale.md.
    """
    from mnist_predict.store.tools.export import export as run
    from mnist_predict.store.tools.labelled import export_pictures

    if spark and not pictures:
        raise BadRequest("With --spark, pictures are exported: add --pictures.")
    with existing(store) as kept, writing_on(spark, store) as write, counting("exported") as progress:
        try:
            count = export_pictures(kept, file, progress, write) if pictures else run(kept, file, progress, bom)
        except OSError as error:
            raise BadRequest(f"{file} cannot be written: {error.strerror}.") from error
    click.echo(f"{count} {'labelled pictures' if pictures else 'records'} are in {file}")


def counted(count: int, what: str) -> str:
    """A count with its noun: `1 record`, `2 records`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


@contextmanager
def existing(flag: str | None) -> Iterator["Store"]:
    """The store of the settings and the flag `--store`, closed afterwards; raises `NotFound` where there is none."""
    from mnist_predict.store.opening import open_existing_store

    with closing(open_existing_store(Settings.from_environment().but(store=flag).store_url)) as store:
        yield store


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr; the total is not known in advance."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn(f"records {what}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda count: bar.advance(task, count)


def tell(wrong: list[str]) -> None:
    """Print what is wrong, line by line, and exit with code 1; do nothing if the list is empty."""
    for line in wrong:
        click.echo(line, err=True)
    if wrong:
        raise SystemExit(1)
