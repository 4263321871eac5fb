"""What erasing in Cassandra adds to the contract: no table keeps anything; who dies half-way; clocks apart."""

import os
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from random import getrandbits
from typing import Any
from uuid import UUID

import pytest
from cassandra import ReadFailure
from cassandra_nodes import EXISTING
from store_examples import record_of, until

from mnist_predict.errors import Gone, StoreUnavailable
from mnist_predict.store.cassandra import erase as erasing
from mnist_predict.store.cassandra import index, write
from mnist_predict.store.cassandra.rows import PAGE, blob, partition, timestamp
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.cassandra.store import CassandraStore
from mnist_predict.store.ids import new_id
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.search import END, Search
from mnist_predict.store.tools.check import Checked, check

PICTURE = b"a picture that nobody may see any more"
NAME = "a name that tells"


def erase(store: CassandraStore, record: Record) -> Erasure:
    return store.erase(Erasure(new_id(), tuple(each.id for each in store.erased_with(record))))


def everything_in(session: Session) -> str:
    """All rows of all tables, as one text."""
    select = "select table_name from system_schema.tables where keyspace_name = %s"
    tables = [row[0] for row in session.execute(select, session.place.keyspace)]
    return repr({table: session.execute(f"select * from {table}") for table in tables})


def test_no_table_keeps_anything_of_what_was_erased(cassandra_copy: CassandraStore, cassandra_link: Session) -> None:
    store = cassandra_copy
    upload = store.add(record_of(PICTURE, image_name=NAME, number="407209358", key="k"), PICTURE)
    store.add(record_of(PICTURE, image_name=NAME, number="407209359", source="hand", label_of=upload.id))
    # Eight digits: four turn up in an id now and then.
    secrets = (NAME, "40720935", repr(PICTURE), repr(bytes.fromhex(str(upload.sha256))))
    kept = everything_in(cassandra_link)
    assert all(secret in kept for secret in secrets)
    erase(store, upload)
    left = everything_in(cassandra_link)
    assert not [secret for secret in secrets if secret in left]
    assert str(upload.id) in left


def test_an_upload_that_died_half_way_does_not_keep_the_picture(
    cassandra_copy: CassandraStore, cassandra_link: Session
) -> None:
    store = cassandra_copy
    upload, dead = store.add(record_of(PICTURE), PICTURE), record_of(PICTURE)
    write.put_pictures(cassandra_link, [dead], {str(dead.sha256): PICTURE})
    assert set(erase(store, upload).records) == {upload.id, dead.id}
    assert list(store.pictures()) == []
    with pytest.raises(Gone):
        store.add(dead, PICTURE)  # its retry
    assert list(store.pictures()) == []


def test_an_upload_that_was_looked_for_before_it_was_written_takes_itself_away(
    cassandra_copy: CassandraStore, cassandra_link: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its eraser comes between any two of its steps."""
    store = cassandra_copy
    steps = "put_pictures", "put_records", "put_pointers"
    for name in steps:
        upload = store.add(record_of(PICTURE, image_name=name, key=name), PICTURE)
        step = getattr(write, name)

        def then_erase(*arguments: Any, upload: Record = upload, step: Callable[..., Any] = step) -> None:
            step(*arguments)
            monkeypatch.undo()
            erase(store, upload)

        monkeypatch.setattr(write, name, then_erase)
        # Once it has asked for the last time it may be told that it was kept: it was, for a moment.
        with pytest.raises(Gone) if name != "put_pointers" else nullcontext():
            store.add(record_of(PICTURE, image_name=name, key=name), PICTURE)
        assert (store.page(), list(store.pictures()), store.newest(name)) == ([], [], None)
        assert cassandra_link.execute("select * from record_of_picture") == []


def test_an_erasing_that_died_is_begun_again(cassandra_copy: CassandraStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store = cassandra_copy
    steps = "take_away", "_forget_key", "_lead_elsewhere", "_drop_picture", "_delete_rows"
    for name in steps:
        upload = store.add(record_of(PICTURE, image_name=name, key=name), PICTURE)
        other = store.add(record_of(PICTURE, image_name=name), PICTURE)
        label = store.add(record_of(PICTURE, source="hand", label_of=other.id))

        def die(*_: Any) -> None:
            raise StoreUnavailable("died")

        monkeypatch.setattr(erasing, name, die)
        with pytest.raises(StoreUnavailable, match="died"):
            erase(store, upload)
        monkeypatch.undo()
        assert upload.id in check(store).half_erased
        erase(store, upload)
        assert check(store) == Checked()
        assert [store.get(each.id) for each in (upload, other, label)] == [None] * 3
        assert (list(store.pictures()), store.newest(name)) == ([], None)
        with pytest.raises(Gone):
            store.add(record_of(PICTURE, image_name=name, key=name), PICTURE)


def test_a_picture_that_was_written_by_a_clock_ahead_is_not_acknowledged_while_it_cannot_be_kept(
    cassandra_copy: CassandraStore, cassandra_link: Session
) -> None:
    store = cassandra_copy
    upload = store.add(record_of(PICTURE), PICTURE)
    put = "insert into @picture (sha256, chunk, size, bytes) values (?, 0, ?, ?) using timestamp ?"
    ahead = int((time.time() + 2) * 1_000_000)
    cassandra_link.run(put, bytes.fromhex(str(upload.sha256)), len(PICTURE), PICTURE, ahead)
    erase(store, upload)
    assert list(store.pictures()) == []
    again = record_of(PICTURE, key="k")
    with pytest.raises(StoreUnavailable, match="clock is ahead"):
        store.add(again, PICTURE)

    def added() -> Record | None:
        with suppress(StoreUnavailable):
            return store.add(again, PICTURE)
        return None

    assert store.picture(str(until(added).sha256)) == PICTURE


def test_what_was_kept_before_there_was_erasing_is_found_by_its_picture(
    cassandra_copy: CassandraStore, cassandra_link: Session
) -> None:
    store = cassandra_copy
    uploads = [store.add(record_of(PICTURE), PICTURE) for _ in range(3)]
    versions = [row[0] for row in cassandra_link.execute("select version from migration")]
    later = [version for version in versions if version >= 6]
    for version in later:
        cassandra_link.run("delete from @migration where version = ?", version)
    for table in ("record_of_picture", "erased"):
        cassandra_link.execute(f"drop table {table}")
    reopened = CassandraStore(store.place)
    assert reopened.erased_with(uploads[0]) == uploads[::-1]
    assert sorted(row[0] for row in cassandra_link.execute("select version from migration")) == sorted(versions)
    erase(reopened, uploads[1])
    assert (reopened.page(), list(reopened.pictures())) == ([], [])
    reopened.close()


def ids_of_yesterday(count: int) -> list[UUID]:
    """Ids that follow each other, all of one partition; never the same: deleted rows of other tests may be left."""
    start = int(time.time()) // 600 * 600_000 - 86_400_000
    return [UUID(int=(start + at) << 80 | 7 << 76 | 2 << 62 | getrandbits(40) << 3) for at in range(count)]


def test_so_much_may_have_been_erased_that_a_node_refuses_to_read_past_it(
    cassandra_copy: CassandraStore, cassandra_link: Session
) -> None:
    """Of one picture and in one partition, between two records that are left. The nodes here refuse after 1000."""
    store = cassandra_copy
    first, *gone, last = (record_of(PICTURE, id=each, image_name=NAME) for each in ids_of_yesterday(3000))
    for record in (first, last):
        store.add(record, PICTURE)
    with write.Window(cassandra_link, write.ROWS_AT_ONCE) as window:
        for record in gone:
            window.batch([*index.forget(record), *erasing._row_deleted(record.id)])
            window.start(erasing._UNLIST, timestamp(record.id), blob(record.sha256), record.id)
    if EXISTING not in os.environ:
        where = partition(first.id)
        for cql, key in ((erasing._LISTED, [blob(first.sha256)]), (PAGE, where)):
            with pytest.raises(ReadFailure):
                list(cassandra_link.rows(cassandra_link.start(cql, *key, UUID(int=0), END)))
    assert store.page() == [last, first]
    assert store.search(Search(image_name=NAME)).records == [last, first]
    assert store.erased_with(first) == [last, first]
    erase(store, last)
    assert (store.page(), list(store.pictures()), store.newest(NAME)) == ([], [], None)


def test_so_many_labels_of_a_record_may_have_been_erased_that_a_node_refuses_to_read_past_them(
    cassandra_copy: CassandraStore, cassandra_link: Session
) -> None:
    store = cassandra_copy
    upload = store.add(record_of(PICTURE), PICTURE)
    first, *gone, last = (
        record_of(PICTURE, id=each, source="hand", reading=None, label_of=upload.id) for each in ids_of_yesterday(3000)
    )
    for label in (first, last):
        store.add(label)
    with write.Window(cassandra_link, write.ROWS_AT_ONCE) as window:
        for label in gone:
            window.start(erasing._UNLABEL, upload.id, label.id)
    assert store.label_history(upload.id) == [last, first]
    assert store.newest_labels([upload.id]) == {upload.id: last}
    assert store.erased_with(upload) == [upload, last, first]
    erase(store, upload)
    assert (store.page(), store.label_history(upload.id)) == ([], [])


def test_what_a_part_costs_does_not_grow_with_the_labels_that_are_left(
    cassandra_copy: CassandraStore, cassandra_link: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = cassandra_copy
    uploads = [store.add(record_of(PICTURE), PICTURE) for _ in range(10)]
    labels = [record_of(PICTURE, source="hand", reading=None, label_of=each.id) for each in uploads for _ in range(200)]
    write.put_pictures(cassandra_link, labels, {})
    write.put_records(cassandra_link, labels)
    asked: list[Any] = []
    start = cassandra_link.start

    def count_asked(cql: str, *values: Any, **options: Any) -> Any:
        asked.extend(values[-1] if isinstance(values[-1], list) else values[-1:])
        return start(cql, *values, **options)

    monkeypatch.setattr(cassandra_link, "start", count_asked)
    part = store.erased_with(uploads[0], limit=50)
    assert len(part) == 50
    assert not [each for each in part if each.label_of is None]
    assert len(asked) <= 200
