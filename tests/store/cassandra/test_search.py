"""What searching adds to the Cassandra store: terms of what was kept before there were any, and how much it asks."""

from collections.abc import Callable
from typing import Any

import pytest
from store_examples import record_of
from uuid_utils.compat import uuid7

from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.cassandra.store import CassandraStore
from mnist_predict.store.ids import new_id
from mnist_predict.store.migrations import missing
from mnist_predict.store.search import Search

SEARCHES = (Search(number="77"), Search(labelled="corrected"), Search(labelled="no"), Search(least=0.9, most=0.95))


def test_what_was_kept_before_there_were_searches_is_found_too(
    cassandra_copy: CassandraStore, cassandra_link: Session, caplog: pytest.LogCaptureFixture
) -> None:
    records = [record_of() for _ in range(6)]
    label = record_of(number="1", source="hand", reading=None, id=new_id(records[2].id), label_of=records[2].id)
    cassandra_copy.add_all([*records, label], {})
    before = [cassandra_copy.search(search) for search in SEARCHES]
    assert [len(found.records) for found in before] == [6, 1, 5, 6]
    names = [step.name for step in missing("cassandra", 0)]
    for version in range(names.index(next(name for name in names if name.endswith("_search.cql"))), len(names)):
        cassandra_link.execute(f"delete from migration where version = {version + 1}")
    for table in ("record_by_trait", "bucket_of_trait"):
        cassandra_link.execute(f"truncate {table}")
    again = CassandraStore(cassandra_copy.place)
    try:
        assert [again.search(search) for search in SEARCHES] == before
        assert "Newer tables have 7 records now." in caplog.text
    finally:
        again.close()


@pytest.fixture
def requests(cassandra_copy: CassandraStore, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How much a page of ten asks, also for more rows of one statement."""
    asked: list[Any] = []
    send = Session._send

    def counted(session: Session, statement: Any, **options: Any) -> Any:
        asked.append(statement)
        return send(session, statement, **options)

    def count() -> int:
        asked.clear()
        assert len(cassandra_copy.search(Search(number="77"), limit=10).records) == 10
        return len(asked)

    monkeypatch.setattr(Session, "_send", counted)
    return count


def test_a_page_asks_as_much_however_often_a_trait_comes(
    cassandra_copy: CassandraStore, requests: Callable[[], int]
) -> None:
    cassandra_copy.add_all([record_of() for _ in range(40)], {})
    few = requests()
    cassandra_copy.add_all([record_of(number=str(i % 2 * 77)) for i in range(1_000)], {})
    assert requests() <= few + 16  # more of the eight partitions of these ten minutes
    assert few <= 2 + 16 + 8  # two times of ten minutes, should one just have ended


def test_a_page_asks_as_much_however_long_a_trait_has_been_coming(
    cassandra_copy: CassandraStore, requests: Callable[[], int]
) -> None:
    middle_of_a_month = 1_763_164_800
    old = [uuid7(nanoseconds=(middle_of_a_month - i * 600) * 10**9) for i in range(300)]
    cassandra_copy.add_all([record_of(id=each) for each in old[:40]], {})
    few = requests()
    cassandra_copy.add_all([record_of(id=each) for each in old[40:]], {})
    assert requests() == few <= 2 + 24 + 16
