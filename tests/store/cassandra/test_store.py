"""What the Cassandra store adds to the contract: schema, the first version's rows, lost answers, nodes that fail."""

import logging
import multiprocessing
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
import store_examples
from cassandra_nodes import PASSWORD, Nodes
from store_examples import record_of

from mnist_predict.errors import StoreUnavailable
from mnist_predict.reading import Reading
from mnist_predict.store.cassandra import write
from mnist_predict.store.cassandra.index import listings, rows_of
from mnist_predict.store.cassandra.rows import timestamp
from mnist_predict.store.cassandra.store import CassandraStore
from mnist_predict.store.cassandra.url import ClusterUrl
from mnist_predict.store.ids import new_id
from mnist_predict.store.migrations import missing
from mnist_predict.store.record import Record
from mnist_predict.store.tools.copy import everything

PICTURE = b"picture"


@pytest.fixture
def session(cassandra_url: Callable[[int, str], str]) -> Iterator[Any]:
    """A session without a store, on one node, in a keyspace that is not there yet."""
    from mnist_predict.store.cassandra.session import Session

    session = Session(ClusterUrl.from_url(cassandra_url(1, f"test_{random.randbytes(5).hex()}")))
    yield session
    session.driver.execute(f"drop keyspace if exists {session.place.keyspace}", timeout=60)
    session.close()


@pytest.fixture
def opened() -> Iterator[Callable[[str | ClusterUrl], CassandraStore]]:
    stores: list[CassandraStore] = []

    def open_one(where: str | ClusterUrl) -> CassandraStore:
        stores.append(CassandraStore(where if isinstance(where, ClusterUrl) else ClusterUrl.from_url(where)))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture
def store(emptied: Callable[[int], str], opened: Callable[[str], CassandraStore]) -> CassandraStore:
    return opened(emptied(1))


def url_of(place: ClusterUrl) -> str:
    who = f"{place.user}:{place.password}@" if place.user else ""
    return f"cassandra://{who}{','.join(place.hosts)}:{place.port}/{place.keyspace}"


def test_three_services_that_start_at_once_make_one_schema(
    session: Any, opened: Callable[[ClusterUrl], CassandraStore]
) -> None:
    command = [sys.executable, store_examples.__file__, url_of(session.place), "20"]
    services = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    for service in services:
        service.communicate()
    assert [service.returncode for service in services] == [0, 0, 0]
    versions = [step.version for step in missing("cassandra", 0)]
    assert sorted(row[0] for row in session.execute("select version from migration")) == versions
    assert session.execute("select * from migration_lock") == []
    assert len(opened(session.place).page()) == 20


def test_a_service_that_died_while_it_migrated_holds_nobody_up_for_long(
    session: Any, opened: Callable[[ClusterUrl], CassandraStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(session.place).check_writable()
    session.execute("truncate migration")
    session.execute("insert into migration_lock (name, holder) values ('schema', uuid()) using ttl 2")
    monkeypatch.setattr("mnist_predict.store.cassandra.schema.PATIENCE", 0.5)
    waiting = opened(session.place)
    with pytest.raises(StoreUnavailable, match="Another service"):
        waiting.check_writable()
    monkeypatch.setattr("mnist_predict.store.cassandra.schema.PATIENCE", 30)
    time.sleep(1)  # as long as a failure is remembered
    waiting.check_writable()


def test_a_newer_schema_is_refused(session: Any, opened: Callable[[ClusterUrl], CassandraStore]) -> None:
    opened(session.place).check_writable()
    session.execute("insert into migration (version, name) values (99, '0099_later.cql')")
    later = opened(session.place)
    for use in (later.check_writable, later.page, lambda: later.add(record_of())):
        with pytest.raises(StoreUnavailable, match="schema 99, made by a newer mnist-predict"):
            use()


def test_cqlsh_shows_short_rows_newest_first(session: Any, opened: Callable[[ClusterUrl], CassandraStore]) -> None:
    store = opened(session.place)
    base = new_id().int & ~7  # of one bucket
    numbers = ("77", "3.65", "")
    kept = [store.add(record_of(PICTURE, number, id=UUID(int=base + (i << 80)))) for i, number in enumerate(numbers)]
    rows = session.driver.execute(f"select * from {session.place.keyspace}.mnistable")
    assert rows.column_names[2:] == ["record_time", "id", "image_name", "predict_number", "source", "written"]
    shown = [(row[3], row[2].replace(tzinfo=UTC), *row[4:]) for row in rows]
    assert shown == [(r.id, r.record_time, r.image_name, r.number, r.source, r.written) for r in reversed(kept)]


FIRST_VERSION = [
    ("2018-07-05 09:12:33.123456", "seven.png", "7"),
    ("2018-07-05 09:12:33.123456", "eight.png", "8"),
    ("2019-01-01 00:00:00", "../x é.png", "1"),
    ("some day in May", "seven.png", "4"),
    ("2020-02-29T12:00:00+08:00", "leap.png", None),
]


def make_first_version(session: Any, rows: list[tuple[str, str, str | None]]) -> None:
    keyspace = session.place.keyspace
    two = "{'class': 'SimpleStrategy', 'replication_factor': 2}"
    session.driver.execute(f"create keyspace {keyspace} with replication = {two}")
    session.driver.execute(
        f"create table {keyspace}.mnistable (record_time text, image_name text, predict_number text, "
        "primary key (record_time, image_name))"
    )
    insert = f"insert into {keyspace}.mnistable (record_time, image_name, predict_number) values (%s, %s, %s)"
    from cassandra import ConsistencyLevel
    from cassandra.query import SimpleStatement

    for row in rows:
        session.driver.execute(SimpleStatement(insert, consistency_level=ConsistencyLevel.ONE), row)


def carried(records: list[Record]) -> list[tuple[str, str, str]]:
    return sorted((r.record_time.isoformat(), r.image_name, r.number) for r in records)


def test_the_rows_of_the_first_version_are_carried_over_once(
    session: Any, opened: Callable[[ClusterUrl], CassandraStore], caplog: pytest.LogCaptureFixture
) -> None:
    make_first_version(session, FIRST_VERSION)
    store = opened(session.place)
    expected = [
        ("1970-01-01T00:00:00+00:00", "seven.png", "4"),
        ("2018-07-05T09:12:33.123000+00:00", "eight.png", "8"),
        ("2018-07-05T09:12:33.123000+00:00", "seven.png", "7"),
        ("2019-01-01T00:00:00+00:00", "../x é.png", "1"),
        ("2020-02-29T04:00:00+00:00", "leap.png", ""),
    ]
    records = store.page()
    assert carried(records) == expected
    assert {(r.source, r.sha256, r.reading, r.id.version) for r in records} == {("upload", None, None, 7)}
    assert store.newest("seven.png") is None  # there is no picture to show
    assert "Carried 5 rows of the project's first version over. They had no pictures" in caplog.text
    assert len(session.execute("select * from mnistable_first_version")) == 5
    new = store.add(record_of(PICTURE), PICTURE)
    # As if that start had been broken off before it noted that it was done:
    session.execute("truncate migration")
    assert list(everything(opened(session.place))) == [new, *records]


def test_a_carrying_over_that_was_broken_off_goes_on(
    session: Any, opened: Callable[[ClusterUrl], CassandraStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_first_version(session, [(f"2018-07-05 09:00:{i % 60:02}", f"{i}.png", str(i)) for i in range(250)])
    broken_off = opened(session.place)
    keep, kept = broken_off._add, []

    def die_half_way(*arguments: Any) -> Record:
        if len(kept) == 125:
            raise StoreUnavailable("killed")
        kept.append(keep(*arguments))
        return kept[-1]

    monkeypatch.setattr(broken_off, "_add", die_half_way)
    with pytest.raises(StoreUnavailable, match="killed"):
        broken_off.page()
    records = list(everything(opened(session.place)))
    assert sorted(record.number for record in records) == sorted(map(str, range(250)))
    assert {record.id for record in kept} <= {record.id for record in records}


def test_another_table_of_that_name_is_left_alone(session: Any, opened: Callable[[ClusterUrl], CassandraStore]) -> None:
    one = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
    session.driver.execute(f"create keyspace {session.place.keyspace} with replication = {one}")
    session.execute("create table mnistable (a int primary key, record_time text)")
    session.execute("insert into mnistable (a, record_time) values (1, 'mine')")
    with pytest.raises(StoreUnavailable, match="another table named mnistable"):
        opened(session.place).page()
    assert session.execute("select * from mnistable") == [(1, "mine")]


def test_too_few_copies_are_warned_of_at_each_start(
    session: Any, opened: Callable[[str], CassandraStore], caplog: pytest.LogCaptureFixture
) -> None:
    url = url_of(session.place)
    opened(url + "?copies=1").check_writable()
    assert "copies" not in caplog.text
    for _ in range(2):
        caplog.clear()
        opened(url + "?copies=3").check_writable()
        assert f"ALTER KEYSPACE {session.place.keyspace} WITH replication = " in caplog.text
        assert "'datacenter1': 3" in caplog.text
        assert f"nodetool repair --full {session.place.keyspace}" in caplog.text


def test_without_enough_nodes_for_a_quorum_it_says_which_are_lacking(
    session: Any, opened: Callable[[str], CassandraStore]
) -> None:
    with pytest.raises(StoreUnavailable, match="Too few Cassandra nodes are up: 1 of the 2 copies"):
        opened(url_of(session.place) + "?copies=3").check_writable()


def test_tls_checks_the_certificate_and_the_host(
    nodes: Nodes, store: CassandraStore, opened: Callable[[str], CassandraStore]
) -> None:
    url = nodes.url(1, store.place.keyspace)
    safe = opened(f"{url}?tls=yes&ca={nodes.certificate}")
    record = safe.add(record_of(PICTURE), PICTURE)
    assert store.get(record.id) == record
    with pytest.raises(StoreUnavailable, match=r"certificate of Cassandra .* is not trusted"):
        opened(f"{url}?tls=yes").page()
    with pytest.raises(StoreUnavailable, match="ca=FILE"):
        opened(f"{url}?tls=yes&check_host=no").page()
    with pytest.raises(StoreUnavailable):
        opened(f"{url}?tls=yes&ca=/no/such/file.pem").page()


def test_a_wrong_password_is_told_and_never_shown(
    nodes: Nodes, opened: Callable[[str], CassandraStore], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    nodes.start(1)
    store = opened(nodes.url(1, password="hunter2"))
    with pytest.raises(StoreUnavailable, match="refuses the user 'cassandra' or the password") as refusal:
        store.page()
    right = opened(nodes.url(1, f"test_{random.randbytes(5).hex()}"))
    right.check_writable()
    shown = f"{caplog.text} {refusal.value!r} {refusal.value.__cause__!r} {store.place!r} {right.place!r}"
    assert "hunter2" not in shown
    assert f":{PASSWORD}@" not in shown


def test_hosts_that_are_unknown_do_not_matter_while_one_is_there(
    store: CassandraStore, opened: Callable[[str], CassandraStore]
) -> None:
    record = store.add(record_of(PICTURE), PICTURE)
    url = url_of(store.place)
    assert opened(url.replace("@", "@no-such-host.invalid,")).page() == [record]
    nowhere = opened("cassandra://no-such-host.invalid,neither-this.invalid/k")
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        nowhere.page()


def test_what_a_write_costs_is_what_the_documentation_says(
    store: CassandraStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(record_of(PICTURE, key="first"), PICTURE)
    sent: list[Any] = []
    with store._using() as session:
        send = session.driver.execute_async
        monkeypatch.setattr(session.driver, "execute_async", lambda *a, **k: sent.append(a) or send(*a, **k))

    def cost(record: Record, picture: bytes | None = None, is_new: bool = False) -> int:
        session.listed.add(session.listed.lacking(listings(rows_of(record))))  # as by an earlier upload
        sent.clear()
        store.add(record, picture, is_new)
        return len(sent)

    large = bytes(3 * 512 * 1024)
    to_review = Reading((), None, (), "")
    assert cost(record_of(PICTURE, reading=None), PICTURE, is_new=True) == 4
    assert cost(record_of(large, reading=None), large, is_new=True) == 6
    assert cost(record_of(PICTURE, reading=to_review), PICTURE, is_new=True) == 5
    assert cost(record_of(source="hand"), is_new=True) == 1
    assert cost(record_of(PICTURE, reading=None), PICTURE) == 7  # again, or as a copy
    assert cost(record_of(PICTURE, reading=None, key="k"), PICTURE, is_new=True) == 8
    assert cost(record_of(PICTURE, reading=to_review), PICTURE) == 8
    sent.clear()
    store.add(record_of(PICTURE, image_name="first of its name"), PICTURE, is_new=True)
    assert len(sent) == 4
    upload = store.add(record_of(PICTURE), PICTURE)
    assert cost(record_of(PICTURE, source="hand", label_of=upload.id)) == 11  # two of them to see which labels count
    assert cost(record_of(PICTURE, source="hand", label_of=upload.id)) == 10  # of what is listed as labelled


def test_nobody_there_is_told_at_once_the_second_time(opened: Callable[[str], CassandraStore]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    store = opened(f"cassandra://127.0.0.1:{port}/k")
    with pytest.raises(StoreUnavailable, match=r"cannot be reached .* Start it, or name another store"):
        store.check_writable()
    start = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        for use in [threads.submit(store.page) for _ in range(8)]:
            with pytest.raises(StoreUnavailable, match="cannot be reached"):
                use.result()
    assert time.monotonic() - start < 0.5


def test_a_picture_of_which_a_part_is_missing_is_none_until_it_is_kept_again(store: CassandraStore) -> None:
    picture = random.randbytes(1_200_000)
    digest = sha256(picture).hexdigest()
    with store._using() as session:
        session.run(
            "insert into @picture (sha256, chunk, size, bytes) values (?, 0, ?, ?)",
            *(bytes.fromhex(digest), len(picture), picture[: 512 * 1024]),
        )
    assert store.picture(digest) is None
    store.add(record_of(picture), picture)
    assert store.picture(digest) == picture


def test_an_upload_that_died_after_it_claimed_its_key_is_completed_by_its_retry(store: CassandraStore) -> None:
    from mnist_predict.store.cassandra.write import claim

    dead = record_of(PICTURE, key="k")
    with store._using() as session:
        claim(session, dead)
    retried = store.add(record_of(PICTURE, key="k"), PICTURE)
    assert retried.id == dead.id
    assert store.page() == [retried]
    assert store.newest("seven.png") == retried


def test_an_upload_that_died_before_its_name_pointed_to_it_is_completed_by_its_retry(store: CassandraStore) -> None:
    record = store.add(record_of(PICTURE, key="k"), PICTURE)
    with store._using() as session:
        session.execute("truncate newest_by_image_name")
    assert store.newest("seven.png") is None
    assert store.add(record_of(PICTURE, key="k"), PICTURE) == record
    assert store.newest("seven.png") == record


def test_a_name_leads_to_the_upload_before_one_that_died(store: CassandraStore) -> None:
    kept = [store.add(record_of(PICTURE), PICTURE, is_new=True) for _ in range(2)]
    store.add(record_of(PICTURE, source="hand", label_of=kept[0].id))
    dead = new_id()
    with store._using() as session:
        for name in ("seven.png", "never kept"):
            session.run(write.NEWEST, name, dead, timestamp(dead))
    assert (store.newest("seven.png"), store.newest("never kept")) == (kept[1], None)


@contextmanager
def answers_lost(session: Any, how_many: int, before_it_was_done: bool) -> Iterator[None]:
    """The next answers to lightweight transactions are lost; what they ask is done, or not."""
    from cassandra import OperationTimedOut

    run, lost = session.run, []

    def lose(cql: str, *values: Any) -> Any:
        if " if not exists" not in cql or len(lost) == how_many:
            return run(cql, *values)
        lost.append(cql)
        if not before_it_was_done:
            run(cql, *values)
        raise OperationTimedOut

    session.run = lose
    yield
    session.run = run
    assert len(lost) == how_many


@pytest.mark.parametrize("before_it_was_done", [False, True])
def test_a_key_whose_claim_was_not_answered_is_claimed_once(store: CassandraStore, before_it_was_done: bool) -> None:
    with store._using() as session, answers_lost(session, 1, before_it_was_done):
        record = store.add(record_of(PICTURE, key="k"), PICTURE)
    assert store.add(record_of(PICTURE, key="k"), PICTURE) == record
    assert store.page() == [record]


def test_a_claim_that_is_never_answered_acknowledges_nothing(store: CassandraStore) -> None:
    with (
        store._using() as session,
        answers_lost(session, 5, True),
        pytest.raises(StoreUnavailable, match="Too many uploads share one Idempotency-Key"),
    ):
        store.add(record_of(PICTURE, key="k"), PICTURE)
    assert store.page() == []


def test_an_error_of_the_server_is_passed_on(store: CassandraStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from cassandra.protocol import OverloadedErrorMessage

    def overloaded(*_: Any) -> None:
        raise OverloadedErrorMessage(0x1001, "too much", None)

    with store._using() as session:
        monkeypatch.setattr(session, "run", overloaded)
    with pytest.raises(StoreUnavailable, match="too much"):
        store.add(record_of(PICTURE, key="k"), PICTURE)


@pytest.mark.parametrize("times", [1, 100])
def test_a_keyspace_that_a_node_does_not_know_yet_is_asked_for_again(
    session: Any, opened: Callable[[ClusterUrl], CassandraStore], monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    from cassandra import InvalidRequest

    from mnist_predict.store.cassandra import schema as cassandra_schema

    prepare, asked = cassandra_schema._prepare, []

    def unknown_at_first(*arguments: Any) -> None:
        asked.append(1)
        if len(asked) <= times:
            raise InvalidRequest("Keyspace does not exist")
        prepare(*arguments)

    monkeypatch.setattr(cassandra_schema, "_prepare", unknown_at_first)
    monkeypatch.setattr(cassandra_schema, "RETRY_SECONDS", 0.01)
    if times == 1:
        opened(session.place).check_writable()
    else:
        with pytest.raises(StoreUnavailable, match="does not exist"):
            opened(session.place).check_writable()


def test_only_what_may_be_repeated_is_repeated_and_once() -> None:
    from cassandra.policies import RetryPolicy
    from cassandra.query import SimpleStatement

    from mnist_predict.store.cassandra.policies import Retry

    policy = Retry()
    asked: list[tuple[Callable[..., Any], tuple[Any, ...], int]] = [
        (policy.on_read_timeout, (1, 2, 1, False), RetryPolicy.RETRY),
        (policy.on_write_timeout, (1, "SIMPLE", 2, 1), RetryPolicy.RETRY),
        (policy.on_unavailable, (1, 2, 1), RetryPolicy.RETRY_NEXT_HOST),
        (policy.on_request_error, (1, OSError()), RetryPolicy.RETRY_NEXT_HOST),
    ]
    for ask, arguments, how in asked:
        repeatable, not_so = SimpleStatement("", is_idempotent=True), SimpleStatement("", is_idempotent=False)
        assert ask(repeatable, *arguments, retry_num=0) == (how, None)
        assert ask(repeatable, *arguments, retry_num=1) == (RetryPolicy.RETHROW, None)
        assert ask(not_so, *arguments, retry_num=0) == (RetryPolicy.RETHROW, None)


def test_nodes_that_were_silent_are_asked_last_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    from cassandra.policies import TokenAwarePolicy

    from mnist_predict.store.cassandra.policies import SILENT, SilentLast

    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    monkeypatch.setattr(TokenAwarePolicy, "make_query_plan", lambda *_: iter("abc"))
    nodes = SilentLast("")
    assert "".join(nodes.make_query_plan()) == "abc"
    nodes.were_silent("a")
    assert "".join(nodes.make_query_plan()) == "bca"
    nodes.were_silent("bc")
    assert "".join(nodes.make_query_plan()) == "abc"
    now += SILENT
    nodes.were_silent("b")
    assert "".join(nodes.make_query_plan()) == "acb"


def test_lightweight_transactions_are_not_repeated_by_the_driver(store: CassandraStore) -> None:
    store.add(record_of(PICTURE, key="k"), PICTURE)
    with store._using() as session:
        prepared = {cql: statement.is_idempotent for cql, statement in session._prepared.items()}
    assert {repeatable for cql, repeatable in prepared.items() if " if " not in cql} == {True}
    assert {repeatable for cql, repeatable in prepared.items() if " if " in cql} == {False}


def test_a_store_that_was_used_before_a_fork_is_opened_anew_after_it(store: CassandraStore) -> None:
    store.add(record_of(PICTURE), PICTURE)
    child = multiprocessing.get_context("fork").Process(target=_add_one_more, args=(store,))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    store.add(record_of(PICTURE), PICTURE)
    assert len(store.page()) == 3


def _add_one_more(store: CassandraStore) -> None:
    store.add(record_of(PICTURE), PICTURE)
    assert len(store.page()) == 2
    store.close()


def test_a_node_that_answers_nothing_is_told_and_forgiven(
    nodes: Nodes, store: CassandraStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.add(record_of(PICTURE), PICTURE)
    store.close()
    monkeypatch.setattr("mnist_predict.store.cassandra.session.TIMEOUT", 1.0)
    store = CassandraStore(store.place)
    assert store.page() == [before]
    nodes.pause(0)
    try:
        start = time.monotonic()
        with pytest.raises(StoreUnavailable, match=r"takes too long|cannot be reached"):
            store.check_writable()
        assert time.monotonic() - start < 3
    finally:
        nodes.resume(0)
    assert eventually(store.page) == [before]
    store.close()


def test_a_killed_node_comes_back_with_all_that_was_acknowledged(nodes: Nodes, store: CassandraStore) -> None:
    kept = []
    with ThreadPoolExecutor(8) as threads:
        writing = [threads.submit(store.add, record_of(PICTURE), PICTURE) for _ in range(2000)]
        writing[100].result()
        nodes.kill(0)
        for write in writing:
            if write.exception() is None:
                kept.append(write.result().id)
            else:
                assert isinstance(write.exception(), StoreUnavailable)
    assert 50 < len(kept) < 2000
    nodes.start(1)
    eventually(store.check_writable)
    assert set(kept) <= {record.id for record in everything(store)}
    after = store.add(record_of(PICTURE), PICTURE)
    assert store.page(limit=1) == [after]


def test_one_node_of_three_may_stop_answering(
    nodes: Nodes, emptied: Callable[[int], str], opened: Callable[[str], CassandraStore]
) -> None:
    store = opened(emptied(3))
    kept = [store.add(record_of(PICTURE, key=f"{new_id()}"), PICTURE) for i in range(20)]
    nodes.pause(2)
    try:
        for _ in range(20):
            start = time.monotonic()
            kept.append(store.add(record_of(PICTURE), PICTURE))
            assert time.monotonic() - start < 5
        assert {record.id for record in kept} <= {record.id for record in store.page(limit=100)}
        assert store.newest("seven.png") == kept[-1]
    finally:
        nodes.resume(2)


def test_only_the_first_claim_of_a_key_waits_for_a_silent_node_of_three(
    nodes: Nodes, emptied: Callable[[int], str], opened: Callable[[str], CassandraStore]
) -> None:
    from mnist_predict.store.cassandra.session import ALONE

    store = opened(emptied(3))
    store.add(record_of(PICTURE, key="before"), PICTURE)
    took = []
    nodes.pause(2)
    try:
        for _ in range(20):  # of every third it is the first to be asked
            start = time.monotonic()
            store.add(record_of(PICTURE, key=f"{new_id()}"), PICTURE)
            took.append(time.monotonic() - start)
    finally:
        nodes.resume(2)
    assert max(took) < 2 * ALONE
    assert sorted(took)[-2] < ALONE


def eventually(action: Callable[[], Any], seconds: float = 60) -> Any:
    give_up = time.monotonic() + seconds
    while True:
        try:
            return action()
        except StoreUnavailable:
            if time.monotonic() > give_up:
                raise
        time.sleep(0.2)


def test_late_answers_to_one_page_are_not_taken_for_the_next_by_a_reader_of_three_nodes(
    emptied: Callable[[int], str], opened: Callable[[str], CassandraStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mnist_predict.store.cassandra.session.SPECULATE", 0.0005
    )  # nearly every page is asked for twice
    store = opened(emptied(3))
    picture = random.Random(1).randbytes(20 * 1024 * 1024)
    record = store.add(record_of(picture), picture)
    assert [store.picture(str(record.sha256)) == picture for _ in range(8)] == [True] * 8
