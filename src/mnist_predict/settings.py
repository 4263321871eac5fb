"""Every setting once: its name, default and help. Read from `MNIST_PREDICT_<NAME>`; flags of `serve` override."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from mnist_predict.errors import BadRequest


@dataclass(frozen=True)
class Setting:
    """One setting as `serve --help`, the README and the code know it."""

    name: str
    default: str
    help: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"MNIST_PREDICT_{self.name.upper()}"


LOOPBACK = ("localhost", "127.0.0.1", "::1")
SETTINGS = (
    Setting(
        "data",
        "instance",
        "Folder of what is kept on this machine: the SQLite store, the spool, statistics, thumbnails.",
    ),
    Setting(
        "store",
        "",
        "Where records and pictures are kept; empty: in the data folder, sqlite:///.../mnist_predict.sqlite.",
    ),
    Setting("spool_mb", "1000", "Most megabytes that wait in the data folder while a Cassandra store is away."),
    Setting("model", "", "Folder of the model version to read with; empty: the shipped one."),
    Setting("host", "127.0.0.1", "Address that serve listens on."),
    Setting("port", "4000", "Port that serve listens on."),
    Setting("workers", "0", "Worker processes of serve; 0: one a core."),
    Setting("token", "", "Who may use the service: one token, or several as name=token,name=token; empty: everybody."),
    Setting("hosts", "", "Names that the service is asked by, with commas; empty: any, but on loopback its own."),
    Setting("rate", "0", "Most pictures that a client may send in a minute; 0: no limit."),
)


@dataclass(frozen=True)
class Settings:
    """The settings in force."""

    data: str
    store: str
    spool_mb: int
    model: str
    host: str
    port: int
    workers: int
    token: str = field(default="", repr=False)
    hosts: str = ""
    rate: int = 0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Settings of the environment; a variable that is empty or missing has its default."""
        values = {s.name: environment.get(s.variable) or s.default for s in SETTINGS}
        return cls(
            data=values["data"],
            store=values["store"] or _store_in(values["data"]),
            spool_mb=_whole("spool_mb", values["spool_mb"], 1_000_000_000),
            model=values["model"],
            host=values["host"],
            port=_whole("port", values["port"], 65535),
            workers=_whole("workers", values["workers"], 1024),
            token=values["token"],
            hosts=values["hosts"],
            rate=_whole("rate", values["rate"], 1_000_000),
        )

    def but(self, **changes: Any) -> Self:
        """These settings with the changes that are not None (flags that were given)."""
        given = {name: value for name, value in changes.items() if value is not None}
        if "data" in given and self.store == _store_in(self.data):
            given = {"store": _store_in(given["data"])} | given
        return replace(self, **given)


def _store_in(data: str) -> str:
    """The store that needs no setting."""
    return f"sqlite:///{Path(data) / 'mnist_predict.sqlite'}"


def _whole(name: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) > most:
        raise BadRequest(f"MNIST_PREDICT_{name.upper()} must be a whole number from 0 to {most}, not {text!r}.")
    return int(text)
