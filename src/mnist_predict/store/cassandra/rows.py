"""How a record lies in Cassandra: its partition, its columns, and the statements that find it.

In all statements `@` stands for the keyspace.
"""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from mnist_predict.reading import Reading
from mnist_predict.store.record import Record

COLUMNS = (
    'id, image_name, number, source, sha256, reading, label_of, idempotency_key, "by", written, of_number, withdraws'
)
GET = f"select {COLUMNS} from @record where day = ? and bucket = ? and id = ?"  # noqa: S608 (constants)
GET_SOME = f"select {COLUMNS} from @record where day = ? and bucket = ? and id in ?"  # noqa: S608
PAGE = f"select {COLUMNS} from @record where day = ? and bucket = ? and id >= ? and id < ?"  # noqa: S608

Partition = tuple[date, int]


def partition(record_id: UUID) -> Partition:
    """Where a record lies: the day of its id, and its ten minutes of that day, in 8 parts."""
    days, milliseconds = divmod(record_id.int >> 80, 86_400_000)
    return date(1970, 1, 1) + timedelta(days), milliseconds // 600_000 * 8 + (record_id.int & 7)


def month_of(day: date) -> int:
    """The month as a number, e.g. 202611."""
    return day.year * 100 + day.month


def timestamp(record_id: UUID) -> int:
    """Microseconds since 1970: what is written for an id is written at the time of the id, however late it comes."""
    return (record_id.int >> 80) * 1000


def blob(sha256: str | None) -> bytes | None:
    """A hash as Cassandra keeps it."""
    return bytes.fromhex(sha256) if sha256 is not None else None


def to_row(record: Record) -> tuple[Any, ...]:
    """The values of `COLUMNS`."""
    reading = record.reading.json if record.reading else None
    written = record.written if record.written != record.number else None
    return (
        *(record.id, record.image_name, record.number, record.source, blob(record.sha256)),
        *(reading, record.label_of, record.key, record.by, written, record.of_number, record.withdraws),
    )


def from_row(row: tuple[Any, ...]) -> Record:
    """The record of the values of `COLUMNS`."""
    record_id, image_name, number, source, sha256, reading, label_of, key, by, written, of_number, withdraws = row
    return Record(
        *(record_id, image_name, written or number, source, sha256.hex() if sha256 is not None else None),
        reading=Reading.from_dict(json.loads(reading)) if reading else None,
        label_of=label_of,
        key=key,
        by=by,
        of_number=of_number,
        withdraws=withdraws,
    )
