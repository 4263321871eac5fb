"""Erasing for good in Cassandra, safe against whoever writes the same records meanwhile.

Writers and erasers cross over. A writer first lists the record where an eraser looks for it (among the records of its
picture, or the labels of what it labels) and asks afterwards whether it is barred. An eraser bars first and looks into
the lists afterwards. So one of the two sees the other, whatever their clocks say, and takes the record away. What is
not yet written of an upload then, the eraser knows from the list. docs/cassandra.md has all the cases.

Rows are deleted at the time of their id, the one they were written at: a write that comes late is dead when it
arrives. What points to a record goes first and its row last, so that an erasing that died can be begun again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from mnist_predict.errors import StoreUnavailable
from mnist_predict.store.cassandra import index, review
from mnist_predict.store.cassandra.rows import blob, partition, timestamp
from mnist_predict.store.cassandra.search import newest_upload
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.cassandra.write import CLAIMED, NEWEST, ROWS_AT_ONCE, Window
from mnist_predict.store.ids import time_of
from mnist_predict.store.reasons import reasons
from mnist_predict.store.record import Erasure, Record

IDS_AT_ONCE = 100
AT_ONCE = 50  # records of a picture whose labels are looked for together
LABELS_AT_ONCE = 100  # of each of them

_BARRED = "select id from @erased where id in ?"
_BAR = 'insert into @erased (id, erasure, "by") values (?, ?, ?)'
_LABELS = "select id from @label_of_record where label_of = ? and id >= ? and id < ?"
_MERGED = "select id from @merged_into where kept = ?"
_LISTED = "select id, sha256, image_name, terms from @record_of_picture where sha256 = ? and id >= ? and id < ?"
_MARK = "insert into @record_of_picture (sha256, id, barred) values (?, ?, true) using timestamp ?"
_UNLIST = "delete from @record_of_picture using timestamp ? where sha256 = ? and id = ?"
_UNLABEL = "delete from @label_of_record where label_of = ? and id = ?"
_ROW = "delete from @record using timestamp ? where day = ? and bucket = ? and id = ?"
_SHORT = "delete from @mnistable using timestamp ? where day = ? and bucket = ? and record_time = ? and id = ?"
_DROP = (
    "delete from @picture using timestamp ? where sha256 = ?",
    "delete kept from @record_of_picture using timestamp ? where sha256 = ?",
)
_FORGET_KEY = "update @idempotency_key set image_name = null, sha256 = null where key = ? if id = ?"


class Listed(NamedTuple):
    """What an upload listed of itself before it wrote anything else: what has to be known to take that away."""

    id: UUID
    sha256: bytes
    image_name: str | None  # None: by a version that listed ids alone
    terms: list[str] | None


def ask(session: Session, ids: Iterable[UUID]) -> list[Any]:
    """Ask which of the ids are barred; `barred` waits for the answers."""
    some = list(ids)
    return [session.start(_BARRED, some[at : at + IDS_AT_ONCE]) for at in range(0, len(some), IDS_AT_ONCE)]


def ask_of(session: Session, records: Sequence[Record]) -> list[Any]:
    """The same of records and of what they label."""
    return ask(session, {each for record in records for each in (record.id, record.label_of) if each is not None})


def barred(session: Session, asked: list[Any]) -> set[UUID]:
    """The ids that are barred."""
    return {row[0] for answer in asked for row in session.rows(answer)}


def erased_with(session: Session, record: Record, asked: UUID, limit: int) -> list[Record]:
    """See `Store.erased_with`; `record`: what is asked for, or what that labels."""
    last = [record.id, *({asked} - {record.id})]
    found: dict[UUID, Record] = {}
    others = (each.id for each in _listed(session, record.sha256) if each.id not in last)
    every = chain(others, last)
    while len(found) < limit and (ids := list(islice(every, AT_ONCE))):
        while merged := _found(session, _MERGED, ids).difference(ids):
            ids = [*merged, *ids]
        labels = (each for each in _labels(session, ids) if each not in last)
        kept = index.get_all(session, chain(labels, ids))  # no more than are wanted: there may be any number of labels
        found |= {each.id: each for each in islice(kept, limit - len(found))}
    return sorted(found.values(), key=lambda each: each.id, reverse=True)


def erase(session: Session, erasure: Erasure) -> Erasure:
    """See `Store.erase`."""
    going: set[UUID] = set()
    pending = set(erasure.records)
    while pending:
        _bar(session, pending, erasure)
        going |= pending
        pending = _pointing_to(session, pending) - going
    records = _records(session, going)
    unwritten: list[Listed] = []
    for digest in {record.sha256 for record in records if record.sha256}:
        listed = _unwritten(session, digest, {record.id for record in records})
        ids = {each.id for each in listed}
        _bar(session, ids - going, erasure)
        with Window(session, ROWS_AT_ONCE) as window:
            for one in listed:
                window.start(_MARK, one.sha256, one.id, timestamp(one.id))
        going |= ids
        came = _records(session, ids)  # who came this moment saw neither
        records += came
        unwritten += (one for one in listed if one.id not in {record.id for record in came})
    take_away(session, records, unwritten)
    with Window(session, ROWS_AT_ONCE) as window:
        for each in going:
            window.batch(_row_deleted(each))  # as yet unwritten ones, too
            window.start("delete from @merged where id = ?", each)
            window.start("delete from @merged_into where kept = ?", each)
    return replace(erasure, records=tuple(sorted(going)))


def take_away(session: Session, records: Sequence[Record], unwritten: Sequence[Listed] = ()) -> None:
    """Delete records that are barred, what points to them, and the pictures that no other record has.

    `unwritten`: uploads of these pictures that are barred, too. Their rows may come later still, and then are dead.
    """
    gone = {record.id for record in records} | {each.id for each in unwritten}
    for record in records:
        if record.key is not None:
            _forget_key(session, record)
    named = [(record.id, record.image_name) for record in records if record.sha256 and not record.label_of]
    named += ((each.id, each.image_name) for each in unwritten if each.image_name is not None)
    last = {name: record_id for record_id, name in sorted(named)}
    for name, record_id in last.items():
        _lead_elsewhere(session, name, record_id, gone)
    with Window(session, ROWS_AT_ONCE) as window:
        for record in records:
            window.batch(index.forget(record))  # of an upload all in one partition
        for each in unwritten:
            if each.terms:
                window.batch(index.forget_terms(each.id, each.terms))
        waiting = [record.id for record in records if reasons(record)]
        for record_id in (*waiting, *(each.id for each in unwritten)):
            window.batch(review.forget(record_id))
    for digest in {record.sha256 for record in records if record.sha256 is not None}:
        _drop_picture(session, digest)
    labels = [record for record in records if record.label_of is not None]
    others = [record for record in records if record.label_of is None]
    # Each step is done before the next begins. Labels come first: they are found by the others.
    _delete_rows(session, labels)
    with Window(session, ROWS_AT_ONCE) as window:
        for label in labels:
            window.start(_UNLABEL, label.label_of, label.id)
    with Window(session, ROWS_AT_ONCE) as window:
        for record in others:
            if record.sha256 is not None:
                window.start(_UNLIST, timestamp(record.id), blob(record.sha256), record.id)
        for each in unwritten:
            window.start(_UNLIST, timestamp(each.id), each.sha256, each.id)
    _delete_rows(session, others)


def merge_into_erased(session: Session, record_id: UUID, kept_id: UUID) -> bool:
    """Whether the second id was erased; then the first, which is of the same upload, was erased with it."""
    found = session.run('select erasure, "by" from @erased where id = ?', kept_id).one()
    if found:
        session.run(_BAR, record_id, *found)
        session.run("delete from @merged where id = ?", record_id)
        session.run("delete from @merged_into where kept = ? and id = ?", kept_id, record_id)
    return found is not None


def erasures(session: Session) -> Iterator[Erasure]:
    """See `Store.erasures`."""
    rows = sorted(session.rows(session.start('select erasure, id, "by" from @erased')), key=itemgetter(0, 1))
    groups = [list(group) for _, group in groupby(rows, itemgetter(0))]
    for group in reversed(groups):
        yield Erasure(group[0][0], tuple(row[1] for row in group), group[0][2])


def _bar(session: Session, ids: Iterable[UUID], erasure: Erasure) -> None:
    with Window(session, ROWS_AT_ONCE) as window:
        for each in ids:
            window.start(_BAR, each, erasure.id, erasure.by)


def _found(session: Session, cql: str, keys: Iterable[Any]) -> set[UUID]:
    found: set[UUID] = set()
    every = iter(keys)
    while some := list(islice(every, IDS_AT_ONCE)):
        asked = [session.start(cql, key) for key in some]
        found |= {row[0] for rows in asked for row in session.rows(rows)}
    return found


def _listed(session: Session, digest: str | None) -> Iterator[Listed]:
    """What is listed as a picture's records, newest first."""
    if digest is not None:
        yield from (Listed(*row) for row in session.between(_LISTED, blob(digest), *index.EVERY))


def _unwritten(session: Session, digest: str, known: set[UUID]) -> list[Listed]:
    """What is listed and has no record: uploads that died, or are under way. There is no telling, so both go.

    Where so many others than those known have the picture that it stays, not all are looked at.
    """
    unwritten: list[Listed] = []
    others = (each for each in _listed(session, digest) if each.id not in known)
    written = 0
    while written < IDS_AT_ONCE and (some := list(islice(others, IDS_AT_ONCE))):
        there = {record.id for record in _records(session, (each.id for each in some))}
        written += len(there)
        unwritten += (each for each in some if each.id not in there)
    return unwritten


def _pointing_to(session: Session, ids: set[UUID]) -> set[UUID]:
    """The labels of these ids, and the ids that were merged into them."""
    return set(_labels(session, ids)) | _found(session, _MERGED, ids)


def _labels(session: Session, ids: Iterable[UUID]) -> Iterator[UUID]:
    """The labels of these ids, asked for some at a time."""
    every = iter(ids)
    while some := list(islice(every, IDS_AT_ONCE)):
        asked = [session.between(_LABELS, each, *index.EVERY, fetch_size=LABELS_AT_ONCE) for each in some]
        for rows in asked:
            yield from (row[0] for row in rows)


def _records(session: Session, ids: Iterable[UUID]) -> list[Record]:
    return list(index.get_all(session, ids))


def _forget_key(session: Session, record: Record) -> None:
    """Leave of a key only whose it is, so that a retry under it is told."""
    found = session.compare_and_set(_FORGET_KEY, record.key, record.id, look=CLAIMED, key=str(record.key))
    if found and found[1:3] == (record.id, record.image_name):
        raise StoreUnavailable("Cassandra did not say whether a key was forgotten. Erase the record again.")


def _lead_elsewhere(session: Session, image_name: str, last: UUID, gone: set[UUID]) -> None:
    """Have a name lead to the newest that is left of those that brought pictures, unless it leads to a later one.

    `last`: the newest record of the name that goes. What leads to it may come later still, so this is written later
    than that; and later than what is there now, which may be later than its id: it may have been led elsewhere before.
    """
    found = session.run("select id, writetime(id) from @newest_by_image_name where image_name = ?", image_name).one()
    leads, written = found or (last, 0)
    if leads not in gone and (written, leads) > (timestamp(last), last):
        return
    left = newest_upload(session, image_name, max(leads, last), gone)
    at = max(written, timestamp(last))
    if left is None:
        session.run("delete from @newest_by_image_name using timestamp ? where image_name = ?", at, image_name)
    else:
        session.run(NEWEST, image_name, left.id, at + 1)


def _drop_picture(session: Session, digest: str) -> None:
    """Delete a picture that no record has but those that are barred.

    At the time of what is there now: who lists a record after this look writes its picture later than that.
    """
    written = "select writetime(bytes), writetime(size) from @picture where sha256 = ?"
    times = [time for row in session.rows(session.start(written, blob(digest))) for time in row]
    listed = _listed(session, digest) if times else iter(())
    while ids := {each.id for each in islice(listed, IDS_AT_ONCE)}:
        if ids - barred(session, ask(session, ids)):
            return
    if times:
        session.batch((delete, max(times), blob(digest)) for delete in _DROP).result()


def _delete_rows(session: Session, records: Iterable[Record]) -> None:
    with Window(session, ROWS_AT_ONCE) as window:
        for record in records:
            window.batch(_row_deleted(record.id))


def _row_deleted(record_id: UUID) -> list[tuple[Any, ...]]:
    """The statements that delete a record's row, all in its partition."""
    where, at = partition(record_id), timestamp(record_id)
    short = (_SHORT, at, *where, time_of(record_id), record_id)
    return [(_ROW, at, *where, record_id), short]
