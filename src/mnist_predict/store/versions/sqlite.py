"""Model versions and their aliases in SQLite: the statements, and the values of rows."""

import json
from typing import Any
from uuid import UUID

from mnist_predict.store.versions.kept import Assignment, KeptVersion

VERSIONS = "select id, name, about, sha256, length(bytes) from model_version order by id desc"
ARCHIVE = "select bytes from model_version where name = ?"
KEEP = "insert into model_version (id, name, about, sha256, bytes) values (?, ?, ?, ?, ?) on conflict do nothing"
ASSIGNMENTS = 'select id, alias, version, replaced, reason, "by", forced from model_alias order by id desc limit ?'
ASSIGN = (
    'insert into model_alias (id, alias, version, replaced, reason, "by", forced) values (?, ?, ?, ?, ?, ?, ?) '
    "on conflict do nothing"
)


def version_row(version: KeptVersion, archive: bytes) -> tuple[str | bytes, ...]:
    """The values of `KEEP`."""
    return str(version.id), version.name, json.dumps(version.about), version.sha256, archive


def version_of(row: tuple[Any, ...]) -> KeptVersion:
    """The version of a row of `VERSIONS`."""
    return KeptVersion(UUID(row[0]), row[1], json.loads(row[2]), row[3], row[4])


def assignment_row(one: Assignment) -> tuple[str | int | None, ...]:
    """The values of `ASSIGN`."""
    return str(one.id), one.alias, one.version, one.replaced, one.reason, one.by, int(one.forced)


def assignment_of(row: tuple[Any, ...]) -> Assignment:
    """The assignment of a row of `ASSIGNMENTS`."""
    assignment_id, alias, version, replaced, reason, by, forced = row
    return Assignment(UUID(assignment_id), alias, version, replaced, reason, by, bool(forced))
