"""Writing to Cassandra, in an order in which nobody is led astray.

First the record is listed where an eraser looks for it (cassandra_erase.py), and its partition where pages look; with
it comes the picture; then the record with its index terms, in one mutation of its partition. What points to it comes
last, but for the name of a new record (`CassandraStore._add_new`). Every statement may be repeated: ids are made by the
client, and where a row is written twice, the newest id wins by its timestamp.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from mnist_predict.errors import Gone, KeyReused
from mnist_predict.store.cassandra import index, review
from mnist_predict.store.cassandra.rows import COLUMNS, Partition, blob, partition, timestamp, to_row
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.record import Record
from mnist_predict.store.search import index_terms

Statement = tuple[Any, ...]

CHUNK = 512 * 1024  # bytes
CHUNKS_AT_ONCE = 8
ROWS_AT_ONCE = 32
LISTINGS_AT_ONCE = 10  # in one request; a node warns of more partitions in one

_RECORD = f"""insert into @record (day, bucket, {COLUMNS})
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) using timestamp ?"""  # noqa: S608 (constants)
_ROW = """insert into @mnistable (day, bucket, record_time, id, image_name, predict_number, source, written)
    values (?, ?, ?, ?, ?, ?, ?, ?) using timestamp ?"""
NEWEST = "insert into @newest_by_image_name (image_name, id) values (?, ?) using timestamp ?"
_LABEL = "insert into @label_of_record (label_of, id, of_number, withdraws) values (?, ?, ?, ?) using timestamp ?"
THERE = "select size from @picture where sha256 = ? limit 1"
_LISTED = "insert into @record_of_picture (sha256, id, image_name, terms) values (?, ?, ?, ?) using timestamp ?"
_KEPT = "insert into @record_of_picture (sha256, kept) values (?, true)"  # at the time of the picture
SEEN = "select barred, kept from @record_of_picture where sha256 = ? and id = ?"
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

    def __enter__(self) -> "Window":
        return self

    def __exit__(self, *_: object) -> None:
        while self._under_way:
            self._under_way.popleft().result()


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
                about = record.image_name, index_terms(record), timestamp(record.id)
                first[blob(record.sha256)].append((_LISTED, blob(record.sha256), record.id, *about))
        for digest, picture in pictures.items():
            first[blob(digest)] += [(_CHUNK, blob(digest), 0, len(picture), picture[:CHUNK]), (_KEPT, blob(digest))]
    with Window(session, CHUNKS_AT_ONCE) as window:
        for statements in first.values():
            window.batch(statements)
    with Window(session, CHUNKS_AT_ONCE) as window:
        for digest, picture in pictures.items():
            for at in range(CHUNK, len(picture), CHUNK):
                window.start(_CHUNK, blob(digest), at // CHUNK, len(picture), picture[at : at + CHUNK])


@contextmanager
def listing(session: Session, rows: Iterable[Statement], beside: Iterable[Statement] = ()) -> Iterator[None]:
    """List the partitions of some index terms where they are not listed yet, and run some more, meanwhile.

    A list may lead to where nothing is yet.
    """
    lacking = session.listed.lacking(index.listings(rows))
    statements = [*beside, *lacking]
    with Window(session, ROWS_AT_ONCE) as window:
        for at in range(0, len(statements), LISTINGS_AT_ONCE):
            window.batch(statements[at : at + LISTINGS_AT_ONCE])
        yield
    session.listed.add(lacking)


def terms_of(records: Iterable[Record]) -> list[Statement]:
    """The rows of the index terms of some records, to be listed."""
    return [row for record in records for row in index.rows_of(record)]


def names_of(records: Iterable[Record]) -> list[Statement]:
    """What has each name lead to the newest of its records that brought a picture."""
    newest: dict[str, UUID] = {}
    for record in records:
        if record.label_of is None and record.sha256 is not None:
            newest[record.image_name] = max(record.id, newest.get(record.image_name, record.id))
    return [(NEWEST, name, newest_id, timestamp(newest_id)) for name, newest_id in newest.items()]


def put_records(session: Session, records: Sequence[Record]) -> None:
    """Keep records that are listed, whose pictures are kept and whose partitions are listed."""
    _put_rows(session, records, lambda record: [*_rows(record), *index.rows_of(record)])


def put_pointers(session: Session, records: Sequence[Record], sayings: index.Sayings) -> None:
    """Have names and reviews lead to records that are kept, and write what labels say."""
    with Window(session, ROWS_AT_ONCE) as window:
        for statement in names_of(records):
            window.start(*statement)
        put_reviews(session, window, records)
        _put_said(session, sayings.rows())


def put_reviews(session: Session, window: Window, records: Iterable[Record]) -> None:
    """Have those that a person should look at wait for one."""
    for record in records:
        if statements := review.statements(session, record):
            window.batch(statements)


def put_index(session: Session, records: Sequence[Record]) -> None:
    """What searches walk along, of records that are kept already."""
    sayings = index.Sayings(session, records)
    with listing(session, terms_of(records)):
        _put_rows(session, records, index.rows_of)
    _put_said(session, sayings.rows())


def put_said(session: Session, of: UUID, label: Record) -> None:
    """What a label says of what its record was merged into."""
    _put_said(session, [index.said_rows(session, of, label)])


def _put_rows(session: Session, records: Iterable[Record], rows: Callable[[Record], list[Statement]]) -> None:
    """Write rows of records, each partition in one mutation."""
    partitions: dict[Partition, list[Statement]] = defaultdict(list)
    for record in records:
        partitions[partition(record.id)] += rows(record)
    with Window(session, ROWS_AT_ONCE) as window:
        for statements in partitions.values():
            window.batch(statements)


def _put_said(session: Session, said: list[list[Statement]]) -> None:
    """Write what labels say, with its terms."""
    with listing(session, [row for rows in said for row in rows]), Window(session, ROWS_AT_ONCE) as window:
        for rows in filter(None, said):
            window.batch(rows)


def _rows(record: Record) -> list[Statement]:
    where, at = partition(record.id), timestamp(record.id)
    short = (record.record_time, record.id, record.image_name, record.number, record.source, record.written)
    return [(_RECORD, *where, *to_row(record), at), (_ROW, *where, *short, at)]
