"""Model versions in a store, so that services without a shared disk have them, and who gave which alias to which."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from mnist_predict.store.ids import time_of

Alias = Literal["champion", "candidate"]  # `previous` is what the champion replaced


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """A version that is kept: its name, the JSON of how it was learned and measured, its archive's size and SHA-256."""

    id: UUID
    name: str
    about: dict[str, Any]
    sha256: str
    size: int  # bytes

    @property
    def time(self) -> datetime:
        """When it was kept, UTC."""
        return time_of(self.id)


@dataclass(frozen=True, slots=True)
class Assignment:
    """That somebody gave an alias to a version. Assignments are only added; the newest of an alias holds.

    `replaced`: the version that had the alias before. `by`: the name of a token, None where none is needed.
    `forced`: the version had not passed the gate.
    """

    id: UUID
    alias: Alias
    version: str
    replaced: str | None
    reason: str
    by: str | None = None
    forced: bool = False

    @property
    def time(self) -> datetime:
        """When it was, UTC."""
        return time_of(self.id)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form of an answer."""
        return {
            "alias": self.alias,
            "version": self.version,
            "replaced": self.replaced,
            "reason": self.reason,
            "by": self.by,
            "forced": self.forced,
            "time": self.time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
