"""What erasing in Cassandra adds to the contract: no table keeps anything; who dies half-way; clocks apart."""

import os
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import replace
from random import getrandbits
from typing import Any
from uuid import UUID

import pytest
from cassandra import ReadFailure
from cassandra_nodes import EXISTING
from store_examples import record_of, unsure, until

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
    by_an_older_version = new_id()
    listed = "insert into @record_of_picture (sha256, id) values (?, ?) using timestamp ?"
    cassandra_link.run(listed, blob(dead.sha256), by_an_older_version, timestamp(by_an_older_version))
    assert set(erase(store, upload).records) == {upload.id, dead.id, by_an_older_version}
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


def a_new_one() -> Record:
    """An upload that a person should look at, under a name and with a number that tell."""
    return replace(unsure("407209358"), image_name=NAME)


def just_before(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, action: Callable[[], object]) -> None:
    """Have something done just before a function is called for the next time."""
    function = getattr(where, name)

    def then(*arguments: Any) -> Any:
        monkeypatch.undo()
        action()
        return function(*arguments)

    monkeypatch.setattr(where, name, then)


def just_after(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, action: Callable[[], object]) -> None:
    """The same after it."""
    function = getattr(where, name)

    def then(*arguments: Any) -> Any:
        monkeypatch.undo()
        done = function(*arguments)
        action()
        return done

    monkeypatch.setattr(where, name, then)


def answered_at_once(monkeypatch: pytest.MonkeyPatch, session: Session) -> None:
    """The last look of a new upload has its answer before anything else is sent."""
    start = session.start

    def ask(cql: str, *values: Any, **options: Any) -> Any:
        asked = start(cql, *values, **options)
        if cql == write.SEEN:
            asked.result()
        return asked

    monkeypatch.setattr(session, "start", ask)


def assert_nothing_left(store: CassandraStore, session: Session, record: Record) -> None:
    """Not even where nobody looks."""
    left = everything_in(session)
    assert not [secret for secret in (NAME, "407209358", repr(blob(record.sha256))) if secret in left]
    assert (store.get(record.id), store.erased([record.id])) == (None, {record.id})
    assert (store.page(), list(store.pictures()), store.newest(NAME)) == ([], [], None)
    assert store.search(Search(number="407209358")).records == []
    assert record.id not in store.unreviewed().ids


@pytest.mark.parametrize(
    ("come", "where", "name", "refused"),
    [
        (just_before, write, "put_pictures", False),  # before it is listed: it is a new upload, and whole
        (just_after, write, "put_pictures", True),
        (just_before, write, "put_reviews", False),  # it has asked, and may be told that it was kept
        (just_after, write, "put_reviews", False),
        (just_before, write, "put_records", False),
        (just_after, write, "put_records", False),
    ],
)
def test_an_eraser_of_its_picture_comes_between_two_steps_of_a_new_upload(
    cassandra_copy: CassandraStore,
    cassandra_link: Session,
    monkeypatch: pytest.MonkeyPatch,
    come: Callable[..., None],
    where: Any,
    name: str,
    refused: bool,
) -> None:
    """What it writes later is dead when it arrives, though it has asked for the last time."""
    store = cassandra_copy
    earlier = store.add(record_of(b"picture"), b"picture")
    new = a_new_one()
    answered_at_once(monkeypatch, cassandra_link)
    come(monkeypatch, where, name, lambda: erase(store, earlier))
    with pytest.raises(Gone) if refused else nullcontext():
        store.add(new, b"picture", is_new=True)
    if (come, name) == (just_before, "put_pictures"):
        assert (store.page(), store.picture(str(new.sha256)), store.newest(NAME)) == ([new], b"picture", new)
        erase(store, new)
    assert_nothing_left(store, cassandra_link, new)


def test_a_new_upload_of_which_an_eraser_saw_a_part_takes_the_rest_away(
    cassandra_copy: CassandraStore, cassandra_link: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The eraser asked other nodes for the picture than those that had it: so it is asked last for a bar."""
    store = cassandra_copy
    earlier = store.add(record_of(b"picture"), b"picture")
    new = a_new_one()

    def erase_what_is_listed() -> None:
        write.put_pictures(cassandra_link, [new], {})
        erase(store, earlier)

    just_before(monkeypatch, write, "put_pictures", erase_what_is_listed)
    with pytest.raises(Gone):
        store.add(new, b"picture", is_new=True)
    assert_nothing_left(store, cassandra_link, new)


def test_a_new_upload_of_which_an_eraser_under_way_saw_a_part_is_told_by_its_mark(
    cassandra_copy: CassandraStore, cassandra_link: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = cassandra_copy
    earlier = store.add(record_of(b"picture"), b"picture")
    new = a_new_one()
    write.put_pictures(cassandra_link, [new], {})

    def add_the_rest() -> None:
        with pytest.raises(Gone):
            store.add(new, b"picture", is_new=True)

    just_after(monkeypatch, erasing, "_drop_picture", add_the_rest)
    erase(store, earlier)
    assert_nothing_left(store, cassandra_link, new)


def test_further_chunks_that_come_after_an_eraser_are_taken_away(
    cassandra_copy: CassandraStore, cassandra_link: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = cassandra_copy
    large = bytes(write.CHUNK + 1)
    earlier = store.add(record_of(large), large)
    new = replace(record_of(large, number="407209358"), image_name=NAME)
    start, erased = cassandra_link.start, []

    def erase_first(cql: str, *values: Any, **options: Any) -> Any:
        if cql == write._CHUNK and not erased:
            erased.append(True)
            erase(store, earlier)
        return start(cql, *values, **options)

    monkeypatch.setattr(cassandra_link, "start", erase_first)
    with pytest.raises(Gone):
        store.add(new, large, is_new=True)
    assert erased
    assert_nothing_left(store, cassandra_link, new)


@pytest.mark.parametrize("key", [None, "k"], ids=["new", "with a key"])
@pytest.mark.parametrize("other", [False, True], ids=["alone", "with another of its name"])
def test_a_name_that_comes_to_lead_to_what_was_erased_does_not(
    cassandra_copy: CassandraStore,
    cassandra_link: Session,
    monkeypatch: pytest.MonkeyPatch,
    key: str | None,
    other: bool,
) -> None:
    """Late, as where a node was down: after its eraser, who comes when the upload has asked for the last time."""
    store = cassandra_copy
    older = store.add(record_of(b"another", image_name=NAME), b"another") if other else None
    record = record_of(PICTURE, image_name=NAME, key=key)
    late: list[Any] = []
    names_of = write.names_of
    monkeypatch.setattr(write, "names_of", lambda records: late.extend(names_of(records)) or [])
    store.add(record, PICTURE, is_new=key is None)
    monkeypatch.undo()
    erase(store, record)
    for statement in late:
        cassandra_link.run(*statement)
    assert len(late) == 1
    assert store.newest(NAME) == older
    led = cassandra_link.execute("select id from newest_by_image_name")
    assert led == ([(older.id,)] if older else [])


def test_an_erasing_that_died_still_knows_what_an_upload_was_about_to_write(
    cassandra_copy: CassandraStore, cassandra_link: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = cassandra_copy
    for name in ("take_away", "_forget_key", "_lead_elsewhere", "_drop_picture", "_delete_rows", "_row_deleted"):
        earlier = store.add(record_of(b"picture", image_name="a", key=name), b"picture")
        new = a_new_one()
        write.put_pictures(cassandra_link, [new], {})

        def die(*_: Any) -> None:
            raise StoreUnavailable("died")

        monkeypatch.setattr(erasing, name, die)
        erasure = Erasure(new_id(), (earlier.id,))
        with pytest.raises(StoreUnavailable, match="died"):
            store.erase(erasure)
        monkeypatch.undo()
        store.erase(next(each for each in store.erasures() if each.id == erasure.id))
        with write.Window(cassandra_link, write.ROWS_AT_ONCE) as window:  # late, from a node that was down
            write.put_records(cassandra_link, [new])
            write.put_reviews(cassandra_link, window, [new])
            window.batch(write.names_of([new]))
        assert_nothing_left(store, cassandra_link, new)


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


@pytest.mark.parametrize("is_new", [False, True])
def test_a_picture_that_was_written_by_a_clock_ahead_is_not_acknowledged_while_it_cannot_be_kept(
    cassandra_copy: CassandraStore, cassandra_link: Session, is_new: bool
) -> None:
    store = cassandra_copy
    upload = store.add(record_of(PICTURE), PICTURE)
    put = "insert into @picture (sha256, chunk, size, bytes) values (?, 0, ?, ?) using timestamp ?"
    ahead = int((time.time() + 2) * 1_000_000)
    cassandra_link.run(put, bytes.fromhex(str(upload.sha256)), len(PICTURE), PICTURE, ahead)
    erase(store, upload)
    assert list(store.pictures()) == []
    again = record_of(PICTURE, key=None if is_new else "k")
    with pytest.raises(StoreUnavailable, match="clock is ahead"):
        store.add(again, PICTURE, is_new)

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
