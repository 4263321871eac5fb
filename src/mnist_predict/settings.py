"""Every setting, declared once as a field of `Settings`: its name, type, default and help.

The environment variables, the flags of `serve` and the table in README.md are made from these fields.
"""

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from mnist_predict.errors import BadRequest
from mnist_predict.typed import whole

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _setting(default: Any, help: str, maximum: int | None = None, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"help": help, "maximum": maximum})


@dataclass(frozen=True)
class Settings:
    """The settings in force."""

    data: str = _setting("instance", "Folder for local data: the SQLite store, the spool, statistics, thumbnails.")
    store: str = _setting("", "URL of the store; empty: sqlite:///.../mnist_predict.sqlite in the data folder.")
    spool_mb: int = _setting(1000, "Maximum size of the spool, MB.", maximum=1_000_000_000)
    model: str = _setting(
        "", "Folder of the model version to read with; empty: the champion (serve), or the shipped one."
    )
    shadow: int = _setting(0, "Share of uploads that the candidate reads too, unseen, %; 0: none.", maximum=100)
    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(4000, "Port to listen on; 0: a free one.", maximum=65535)
    workers: int = _setting(0, "Worker processes; 0: one per core.", maximum=1024)
    token: str = _setting(
        "",
        "Access token, or several as name=token,name=token; empty: no token is needed.",
        secret=True,
    )
    hosts: str = _setting("", "Allowed Host header values, comma-separated; empty: any, on loopback only its names.")
    proxies: str = _setting("", "Trusted reverse proxies: addresses or networks, comma-separated; empty: none.")
    rate: int = _setting(0, "Maximum number of pictures per client and minute; 0: no limit.", maximum=1_000_000)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Settings from environment variables; where one is empty or missing, the default holds.

        Raises `BadRequest` for a number that is malformed or out of range.
        """
        given = {f.name: text for f in fields(cls) if (text := environment.get(variable(f.name)))}
        return cls(**{f.name: _parse(f, given[f.name]) for f in fields(cls) if f.name in given})

    def but(self, **changes: Any) -> Self:
        """These settings with those changes that are not None (flags that were given)."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})

    @property
    def store_url(self) -> str:
        """URL of the store; by default that of a SQLite file in the data folder."""
        return self.store or f"sqlite:///{Path(self.data) / 'mnist_predict.sqlite'}"


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"MNIST_PREDICT_{name.upper()}"


def _parse(setting: Field[Any], text: str) -> Any:
    if setting.type is str:
        return text
    maximum: int = setting.metadata["maximum"]
    number = whole(text, 0, maximum)
    if number is None:
        raise BadRequest(f"{variable(setting.name)} must be a whole number from 0 to {maximum}, not {text!r}.")
    return number
