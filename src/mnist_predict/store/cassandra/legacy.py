"""The keyspace of the project's first version: its table is set aside, its rows become records.

That version kept three texts a row, in `mnistable (record_time, image_name, predict_number, primary key
(record_time, image_name))`, and no pictures. Its rows stay in `mnistable_first_version`, to be dropped by hand.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from cassandra import ConsistencyLevel

from mnist_predict.errors import StoreRefused
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.record import Record

OLD = "mnistable_first_version"
COLUMNS = "record_time, image_name, predict_number"

log = logging.getLogger("mnist_predict.store")


def is_first_version(session: Session) -> bool:
    """Whether `mnistable` is the first version's; raises `StoreRefused` where it is neither that nor ours."""
    select = "select table_name, column_name, type from system_schema.columns where keyspace_name = %s"
    found = session.execute(select, session.place.keyspace)
    columns = {(column, kind) for table, column, kind in found if table == "mnistable"}
    if not columns or any(table == "record" for table, *_ in found):
        return False
    if columns != {(column, "text") for column in COLUMNS.split(", ")}:
        raise StoreRefused(
            f"The keyspace {session.place.keyspace} has another table named mnistable. Name another keyspace in "
            "MNIST_PREDICT_STORE."
        )
    return True


def rename_old_tables(session: Session) -> None:
    """Move the first version's `mnistable` out of the way; may be repeated."""
    session.execute(
        f"create table if not exists {OLD} (record_time text, image_name text, predict_number text, "
        "primary key (record_time, image_name))"
    )
    for row in _all_rows(session, "mnistable"):
        session.run(f"insert into @{OLD} ({COLUMNS}) values (?, ?, ?)", *row)  # noqa: S608 (constants)
    session.execute("drop table mnistable")


def carry_over(session: Session, tables: set[str], add: Callable[[Record], object], renew: Callable[[], None]) -> None:
    """Keep a record for each row that was set aside; may be repeated, as an id is made from its row alone."""
    if OLD not in tables:
        return
    rows = _all_rows(session, OLD)
    for done, row in enumerate(rows):
        add(_record(*row))
        if done % 200 == 0:
            renew()
    log.warning(
        "Carried %d rows of the project's first version over. They had no pictures, so there are none to show. "
        "The old table is kept as %s; drop it when you no longer want it.",
        *(len(rows), OLD),
    )


def _all_rows(session: Session, table: str) -> list[tuple[str, str, str]]:
    # Rows may be on one node alone: they were written with consistency ONE. So every copy is asked.
    return session.execute(f"select {COLUMNS} from {table}", consistency=ConsistencyLevel.ALL)  # noqa: S608 (constants)


def _record(record_time: str, image_name: str, predict_number: str | None) -> Record:
    digest = int.from_bytes(sha256(f"{record_time}\0{image_name}".encode()).digest()[:10], "big")
    made = (_milliseconds(record_time) << 80) | digest
    made = made & ~(0xF << 76) | (7 << 76)
    made = made & ~(0x3 << 62) | (2 << 62)
    return Record(UUID(int=made), image_name or "unnamed", predict_number or "", "upload")


def _milliseconds(record_time: str) -> int:
    """Since 1970; a time without a zone is taken as UTC, one that cannot be read as 0."""
    try:
        when = datetime.fromisoformat(record_time.strip())
    except ValueError:
        return 0
    return max(0, int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000))
