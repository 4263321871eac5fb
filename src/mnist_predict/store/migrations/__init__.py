"""Numbered migrations, one folder a kind of store: `0001_what_it_does.sql`. Shipped ones never change."""

from importlib.resources import files
from typing import NamedTuple

from mnist_predict.errors import StoreRefused


class Migration(NamedTuple):
    """One step of a schema."""

    version: int
    name: str
    script: str


def missing(kind: str, applied: int) -> list[Migration]:
    """The migrations that a schema of that kind still lacks, in order; `applied` is its version, 0 when new.

    Raises `StoreRefused` where the schema is newer than this program.
    """
    found = sorted(f.name for f in (files(__name__) / kind).iterdir() if f.name[:4].isdecimal())
    known = [Migration(int(n[:4]), n, (files(__name__) / kind / n).read_text("utf-8")) for n in found]
    if applied > known[-1].version:
        raise StoreRefused(
            f"The store has schema {applied}, made by a newer mnist-predict; this one knows schemas up to "
            f"{known[-1].version}. Install the newer mnist-predict, or name another store."
        )
    return known[applied:]
