"""Model versions and their aliases in Cassandra."""

import json

from mnist_predict.store.cassandra.rows import blob
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.cassandra.write import CHUNK, CHUNKS_AT_ONCE, Window
from mnist_predict.store.versions.kept import Assignment, KeptVersion

_ALIASES = 0  # the one partition of aliases: a row for each time that one was given
_LIST = "select distinct name, id, about, sha256, size from @model_version"
_THERE = "select id from @model_version where name = ? limit 1"
_CHUNK = "insert into @model_version (name, chunk, bytes) values (?, ?, ?)"
_WHOLE = "insert into @model_version (name, id, about, sha256, size) values (?, ?, ?, ?, ?)"
_BYTES = "select size, bytes from @model_version where name = ?"
_ASSIGN = """insert into @model_alias (shelf, id, alias, version, replaced, reason, "by", forced)
    values (?, ?, ?, ?, ?, ?, ?, ?)"""
_ASSIGNED = """select id, alias, version, replaced, reason, "by", forced from @model_alias where shelf = ? limit ?"""


def keep(session: Session, version: KeptVersion, archive: bytes) -> None:
    """See `Store.keep_version`."""
    there = session.run(_THERE, version.name).one()
    if there is not None and there[0] is not None:
        return
    with Window(session, CHUNKS_AT_ONCE) as window:
        for at in range(0, len(archive), CHUNK):
            window.start(_CHUNK, version.name, at // CHUNK, archive[at : at + CHUNK])
    session.run(_WHOLE, version.name, version.id, json.dumps(version.about), blob(version.sha256), version.size)


def versions(session: Session) -> list[KeptVersion]:
    """See `Store.versions`."""
    rows = [row for row in session.rows(session.start(_LIST)) if row[1] is not None]
    found = [KeptVersion(row[1], row[0], json.loads(row[2]), row[3].hex(), row[4]) for row in rows]
    return sorted(found, key=lambda version: version.id, reverse=True)


def archive(session: Session, name: str) -> bytes | None:
    """See `Store.version_archive`."""
    rows = list(session.rows(session.start(_BYTES, name, fetch_size=8)))
    whole = b"".join(row[1] for row in rows if row[1] is not None)
    return whole if rows and len(whole) == rows[0][0] else None


def assign(session: Session, one: Assignment) -> None:
    """See `Store.assign`."""
    session.run(_ASSIGN, _ALIASES, one.id, one.alias, one.version, one.replaced, one.reason, one.by, one.forced)


def assignments(session: Session, limit: int) -> list[Assignment]:
    """See `Store.assignments`."""
    return [Assignment(*row) for row in session.rows(session.start(_ASSIGNED, _ALIASES, limit))]
