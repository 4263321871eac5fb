"""Writing to Cassandra, in an order in which nothing is named before it is there.

First the record is listed where an eraser looks for it (cassandra_erase.py), and its partition where pages look; then
comes the picture; then the record with its index terms, in one mutation of its partition; then what points to it. Every
statement may be repeated: ids are made by the client, and where a row is written twice, the newest id wins by its
timestamp.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from mnist_predict.errors import Gone, KeyReused
from mnist_predict.store.cassandra import index, review
from mnist_predict.store.cassandra.rows import COLUMNS, Partition, blob, month_of, partition, timestamp, to_row
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.record import Record

Statement = tuple[Any, ...]

CHUNK = 512 * 1024  # bytes
CHUNKS_AT_ONCE = 8
ROWS_AT_ONCE = 32

_RECORD = f"""insert into @record (day, bucket, {COLUMNS})
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) using timestamp ?"""  # noqa: S608 (constants)
_ROW = """insert into @mnistable (day, bucket, record_time, id, image_name, predict_number, source, written)
    values (?, ?, ?, ?, ?, ?, ?, ?) using timestamp ?"""
NEWEST = "insert into @newest_by_image_name (image_name, id) values (?, ?) using timestamp ?"
_LABEL = "insert into @label_of_record (label_of, id, of_number, withdraws) values (?, ?, ?, ?) using timestamp ?"
THERE = "select size from @picture where sha256 = ? limit 1"
_LISTED = "insert into @record_of_picture (sha256, id) values (?, ?) using timestamp ?"
_CHUNK = "insert into @picture (sha256, chunk, size, bytes) values (?, ?, ?, ?)"
_CLAIM = "insert into @idempotency_key (key, id, image_name, sha256) values (?, ?, ?, ?) if not exists"
CLAIMED = "select key, id, image_name, sha256 from @idempotency_key where key = ?"


class Window:
    """So many statements under way at once; leaving it waits for the last of them."""

    def __init__(self, session: Session, size: int) -> None:
        self._session, self._size = session, size
        self._under_way: deque[Any] = deque()

    def start(self, cql: str, *values: Any) -> None:
        self._add(self._session.start(cql, *values))

    def batch(self, statements: Iterable[Statement]) -> None:
        self._add(self._session.batch(statements))

    def _add(self, future: Any) -> None:
        self._under_way.append(future)
        if len(self._under_way) >= self._size:
            self._under_way.popleft().result()

    def wait(self) -> None:
        """Until all of them are done."""
        while self._under_way:
            self._under_way.popleft().result()

    def __enter__(self) -> "Window":
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()


def claim(session: Session, record: Record) -> Record:
    """The record under the id that its key is of: its own, where nobody came earlier. Raises `Gone` and `KeyReused`."""
    mine = (record.key, record.id, record.image_name, blob(record.sha256))
    kept = session.compare_and_set(_CLAIM, *mine, look=CLAIMED, key=str(record.key)) or mine
    if kept[2] is None:
        raise Gone(kept[1])
    return replace(record, id=same(kept[2:], record, kept[1]))


def same(kept: tuple[str, bytes | None], record: Record, kept_id: UUID) -> UUID:
    """The id, if what is kept under it has the record's name and picture; else raises `KeyReused`."""
    if tuple(kept) != (record.image_name, blob(record.sha256)):
        raise KeyReused("This Idempotency-Key (or id) was used for another picture or name. Use a new one.")
    return kept_id


def put_pictures(session: Session, records: Iterable[Record], pictures: Mapping[str, bytes]) -> None:
    """List records where an eraser looks for them, and keep pictures, by their SHA-256.

    The first chunk comes in one mutation with those whose picture it is, the others later: none is kept unlisted.
    """
    first: dict[bytes | None, list[tuple[Any, ...]]] = defaultdict(list)
    with Window(session, ROWS_AT_ONCE) as window:
        for record in records:
            if record.label_of is not None:
                pointer = record.label_of, record.id, record.of_number, record.withdraws
                window.start(_LABEL, *pointer, timestamp(record.id))
            elif record.sha256 is not None:
                first[blob(record.sha256)].append((_LISTED, blob(record.sha256), record.id, timestamp(record.id)))
        for digest, picture in pictures.items():
            first[blob(digest)].append((_CHUNK, blob(digest), 0, len(picture), picture[:CHUNK]))
    with Window(session, CHUNKS_AT_ONCE) as window:
        for statements in first.values():
            window.batch(statements)
    with Window(session, CHUNKS_AT_ONCE) as window:
        for digest, picture in pictures.items():
            for at in range(CHUNK, len(picture), CHUNK):
                window.start(_CHUNK, blob(digest), at // CHUNK, len(picture), picture[at : at + CHUNK])


def put_partition(session: Session, where: Partition) -> None:
    """List a partition, so that pages find it."""
    month = month_of(where[0])
    session.run("insert into @bucket_of_month (month, day, bucket) values (?, ?, ?)", month, *where)
    session.run("insert into @month (shelf, month) values (0, ?)", month)


def put_records(session: Session, records: Sequence[Record]) -> None:
    """Keep records that are listed, whose pictures are kept and whose partitions are listed."""
    _put_rows(session, records, lambda record: [*_rows(record), *index.rows_of(record)])


def put_pointers(session: Session, records: Sequence[Record], sayings: index.Sayings) -> None:
    """Have names, reviews and searches lead to records that are kept."""
    newest: dict[str, UUID] = {}
    for record in records:
        if record.label_of is None and record.sha256 is not None:
            newest[record.image_name] = max(record.id, newest.get(record.image_name, record.id))
    with Window(session, ROWS_AT_ONCE) as window:
        for image_name, newest_id in newest.items():
            window.start(NEWEST, image_name, newest_id, timestamp(newest_id))
        for record in records:
            for statement in review.statements(session, record):
                window.start(*statement)
        _put_index_pointers(session, window, records, sayings.rows())


def put_index(session: Session, records: Sequence[Record]) -> None:
    """What searches walk along, of records that are kept already."""
    sayings = index.Sayings(session, records)
    _put_rows(session, records, index.rows_of)
    with Window(session, ROWS_AT_ONCE) as window:
        _put_index_pointers(session, window, records, sayings.rows())


def put_said(session: Session, of: UUID, label: Record) -> None:
    """What a label says of what its record was merged into."""
    with Window(session, ROWS_AT_ONCE) as window:
        _put_index_pointers(session, window, [], [index.said_rows(session, of, label)])


def _put_rows(session: Session, records: Iterable[Record], rows: Callable[[Record], list[Statement]]) -> None:
    """Write rows of records, each partition in one mutation."""
    partitions: dict[Partition, list[Statement]] = defaultdict(list)
    for record in records:
        partitions[partition(record.id)] += rows(record)
    with Window(session, ROWS_AT_ONCE) as window:
        for statements in partitions.values():
            window.batch(statements)


def _put_index_pointers(
    session: Session, window: Window, records: Iterable[Record], said: list[list[Statement]]
) -> None:
    """List the terms of records where they are not listed yet, and write what labels say, with its terms."""
    written = [row for rows in (*map(index.rows_of, records), *said) for row in rows]
    lacking = session.listed.lacking(written)
    for term, where in lacking:
        window.start(*index.listing(term, where))
    for rows in filter(None, said):
        window.batch(rows)
    window.wait()
    session.listed.add(lacking)


def _rows(record: Record) -> list[Statement]:
    where, at = partition(record.id), timestamp(record.id)
    short = (record.record_time, record.id, record.image_name, record.number, record.source, record.written)
    return [(_RECORD, *where, *to_row(record), at), (_ROW, *where, *short, at)]
