"""`mnist-predict models`: the versions in the store, which of them reads, and since when and why."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_predict.cli.flags import setting
from mnist_predict.cli.store import existing
from mnist_predict.errors import BadRequest
from mnist_predict.settings import Settings

if TYPE_CHECKING:
    from mnist_predict.models.registry import Version
    from mnist_predict.store.protocol import Store

BY = "command line"


@click.group()
def models() -> None:
    """Versions of the model in the store: which reads, what it was learned from, and how to change it.

    VERSION is the name of a version, or champion, candidate, previous or shipped.
    """


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@setting("store")
def list_(as_json: bool, store: str | None) -> None:
    """List the versions in the store, newest first, with their aliases."""
    from mnist_predict.champion import overview

    with existing(store) as kept:
        rows = overview(kept)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        told = [row["name"], ", ".join(row["aliases"]), row["time"] or "", row["verdict"]]
        click.echo("\t".join(told))


@models.command()
@click.argument("version")
@setting("store")
def show(version: str, store: str | None) -> None:
    """Print what VERSION was learned from and how the gate measured it, as JSON."""
    with existing(store) as kept:
        click.echo(json.dumps(_report(_opened(kept, version)), indent=2))


@models.command()
@click.argument("version", default="candidate")
@click.option("--reason", default="", help="Why; kept with the promotion.")
@click.option("--force", metavar="REASON", help="Promote a version that has not passed the gate; REASON is kept.")
@setting("store")
def promote(version: str, reason: str, force: str | None, store: str | None) -> None:
    """Make VERSION (by default the candidate) the champion, which services read with some seconds later."""
    from mnist_predict.champion import named
    from mnist_predict.champion import promote as run

    with existing(store) as kept:
        done = run(kept, named(kept, version), force or reason, BY, force is not None)
    click.echo(f"{done.version} is the champion now; it was {done.replaced}.")


@models.command()
@click.option("--reason", default="", help="Why; kept with the change.")
@setting("store")
def rollback(reason: str, store: str | None) -> None:
    """Make the previous champion the champion again."""
    from mnist_predict.champion import roll_back

    with existing(store) as kept:
        done = roll_back(kept, reason, BY)
    click.echo(f"{done.version} is the champion again; it was {done.replaced}.")


@models.command()
@setting("store")
def history(store: str | None) -> None:
    """Print who gave which alias to which version, newest first: time, alias, version, what it replaced, by, reason."""
    with existing(store) as kept:
        for one in kept.assignments(1_000_000):
            told = one.to_dict()
            reason = f"forced: {one.reason}" if one.forced else one.reason
            click.echo("\t".join([told["time"], one.alias, one.version, one.replaced or "", one.by or "", reason]))


@models.command()
@click.argument("a")
@click.argument("b")
@setting("store")
def diff(a: str, b: str, store: str | None) -> None:
    """Print in what the reports of the versions A and B differ: figure, value of A, value of B."""
    with existing(store) as kept:
        one, other = (_flat(_report(_opened(kept, name))) for name in (a, b))
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) != other.get(name):
            click.echo("\t".join([name, *(_brief(side.get(name)) for side in (one, other))]))


@models.command("export")
@click.argument("version")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@setting("store")
def export_(version: str, folder: Path, store: str | None) -> None:
    """Write VERSION into FOLDER, as a folder of its name: for `predict --model`, or to import it elsewhere."""
    from mnist_predict.models.packing import pack, unpack

    with existing(store) as kept:
        found = _opened(kept, version)
    click.echo(unpack(pack(found), found.name, folder).folder)


@models.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--reason", default="imported", show_default=True, help="Why; kept with the candidate.")
@setting("store")
def import_(folder: Path, reason: str, store: str | None) -> None:
    """Keep the version in FOLDER in the store and make it the candidate."""
    from mnist_predict.champion import propose
    from mnist_predict.models.registry import PARTS, open_version, version_name

    version = open_version(folder)
    try:
        weights = [(version.folder / part / "weights.safetensors").read_bytes() for part in PARTS]
    except OSError:
        raise BadRequest(f"{folder} lacks weights.safetensors, by which a version is named.") from None
    if version.name != version_name(weights):
        raise BadRequest(f"{folder} must be named by its weights: {version_name(weights)}.")
    with existing(store) as kept:
        propose(kept, version, reason, BY)
    click.echo(f"{version.name} is the candidate now.")


def _opened(store: "Store", version: str) -> "Version":
    from mnist_predict.champion import named, pull

    return pull(store, named(store, version), Path(Settings.from_environment().data) / "models")


def _report(version: "Version") -> dict[str, Any]:
    from mnist_predict.models.registry import PARTS

    parts: dict[str, Any] = {part: version.report(part) for part in PARTS}
    for report in parts.values():
        report.pop("history", None)
    return {"name": version.name, "bytes": version.size, "learned": version.learned, **parts}


def _flat(report: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Every value of nested dicts under the path to it."""
    found: dict[str, Any] = {}
    for name, value in report.items():
        found |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
    return found


def _brief(value: Any) -> str:
    text = "-" if value is None else f"{value:.6g}" if isinstance(value, float) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
