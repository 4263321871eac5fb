"""What the store has acknowledged and may not yet have on its disks: kept in the spool too until it surely has.

A store that syncs only now and then loses its last writes when one of its nodes dies. So they stay here for longer than
that takes, and are dropped only where all nodes still live the lives that were known before each was written, its
epoch. What is of another epoch goes where records wait for the store, and is written again like those. Times are of
the monotonic clock, which all processes share; where it began anew with the machine, they wait longer, not shorter.
"""

import json
import time
from collections.abc import Iterable
from uuid import UUID

from mnist_predict.store.durability import Durability
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.sqlite.connection import Connection
from mnist_predict.store.sqlite.store import COLUMNS, to_row

SLACK = 1.0  # seconds that a sync itself may take, beyond one more period

COUNT = "select (select count(*) from unsynced) + (select count(*) from unsynced_erasure where epoch <> '')"
RECORD = f"select {COLUMNS} from unsynced where id = ?"  # noqa: S608 (constants)
PICTURE = "select picture from unsynced where sha256 = ? and picture is not null limit 1"
ERASURES_WAITING = "select count(*) from unsynced_erasure where epoch = ''"
WAITING_ERASURES = """select id, records, "by" from unsynced_erasure where epoch = '' order by id"""

_OR_KEEP_LONGER = "on conflict do update set since = excluded.since, epoch = excluded.epoch"
_KEEP = f"""insert into unsynced ({COLUMNS}, since, epoch, picture)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) {_OR_KEEP_LONGER}"""  # noqa: S608 (constants)
_KEEP_MOVED = f"""insert into unsynced ({COLUMNS}, since, epoch, picture)
    select {COLUMNS}, ?, ?, (select bytes from picture where picture.sha256 = record.sha256 and label_of is null)
    from record where id = ? {_OR_KEEP_LONGER}"""  # noqa: S608
_KEEP_ERASURE = (
    f'insert into unsynced_erasure (id, records, "by", since, epoch) values (?, ?, ?, ?, ?) {_OR_KEEP_LONGER}'  # noqa: S608
)

# One whose Idempotency-Key another upload waits under follows when that one has been moved.
_WAIT_AGAIN = (
    f"""insert into record ({COLUMNS}) select {COLUMNS} from unsynced
    where epoch is not ? on conflict do nothing""",  # noqa: S608
    """insert into picture (sha256, bytes) select sha256, picture from unsynced
    where epoch is not ? and picture is not null and id in (select id from record) on conflict do nothing""",
    "delete from unsynced where epoch is not ? and id in (select id from record)",
    "update unsynced_erasure set epoch = '' where epoch is not ?",
)
_TO_SETTLE = " or ".join(
    f"exists (select 1 from {table} where epoch is not ?1 or since < ?2 or since > ?3)"  # noqa: S608
    for table in ("unsynced", "unsynced_erasure")
)
TO_SETTLE = f"select {_TO_SETTLE}"


def keep(connection: Connection, record: Record, picture: bytes | None, epoch: str) -> None:
    """Keep a record that the store has acknowledged."""
    connection.execute(_KEEP, (*to_row(record), time.monotonic(), epoch, picture))


def keep_moved(connection: Connection, ids: Iterable[str], epoch: str) -> None:
    """Keep records that waited and were just moved to the store."""
    connection.executemany(_KEEP_MOVED, ((time.monotonic(), epoch, each) for each in ids))


def keep_erasure(connection: Connection, erasure: Erasure, durability: Durability) -> None:
    """Keep an erasure until the store has it on its disks."""
    if durability.sync_period:
        records = json.dumps([str(each) for each in erasure.records])
        row = (str(erasure.id), records, erasure.by, time.monotonic(), durability.epoch)
        connection.execute(_KEEP_ERASURE, row)
    else:
        connection.execute("delete from unsynced_erasure where id = ?", (str(erasure.id),))


def erasure_of(row: tuple[str, str, str | None]) -> Erasure:
    """The erasure of a row of `WAITING_ERASURES`."""
    return Erasure(UUID(row[0]), tuple(map(UUID, json.loads(row[1]))), row[2])


def forget(connection: Connection, erasure: Erasure) -> None:
    """Keep no copies of what is erased."""
    ids = [(str(each),) for each in erasure.records]
    connection.executemany("delete from unsynced where id = ?1 or label_of = ?1", ids)


def wait_again(connection: Connection, epoch: str | None = None) -> None:
    """Have all that is not of this epoch wait for the store again; where none is given, all."""
    for statement in _WAIT_AGAIN:
        connection.execute(statement, (epoch,))


def settle(connection: Connection, durability: Durability, looked: float) -> None:
    """Drop what the store has on its disks, have wait again what it may have lost.

    `looked`: a time before its durability was asked for.
    """
    wait_again(connection, durability.epoch)
    for table in ("unsynced", "unsynced_erasure"):
        synced = (durability.epoch, looked - patience(durability))
        connection.execute(f"delete from {table} where epoch = ? and since < ?", synced)  # noqa: S608
        connection.execute(f"update {table} set since = ?1 where since > ?1", (time.monotonic(),))  # noqa: S608


def patience(durability: Durability) -> float:
    """Seconds from an acknowledgement to when it surely is on the store's disks.

    A sync begins once a period, and the one before it may still be under way.
    """
    return 2 * durability.sync_period + SLACK
