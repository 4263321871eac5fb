"""What the review adds in Cassandra: bounded looks, and a list of partitions that forgets the finished ones."""

import time
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from store_examples import label_of, unsure
from uuid_utils.compat import uuid7

from mnist_predict.store.cassandra import review as cassandra_review
from mnist_predict.store.cassandra.store import CassandraStore
from mnist_predict.store.cassandra.write import Window, put_reviews
from mnist_predict.store.ids import in_sample
from mnist_predict.store.record import Record


def of_yesterday() -> Record:
    """A record that waits, of one ten minutes that are long over."""
    at = (int(time.time()) // 600 * 600 - 86_400) * 1_000_000_000
    while in_sample(made := UUID(int=uuid7(nanoseconds=at).int)):
        pass
    return replace(unsure(), id=made)


def listed(session: Any) -> list[Any]:
    return list(session.execute("select day, slot from review_slot"))


def test_a_finished_partition_leaves_the_list_and_a_late_record_brings_it_back(
    cassandra_copy: CassandraStore, cassandra_link: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, late = of_yesterday(), of_yesterday()
    cassandra_copy.add(record, b"picture")
    cassandra_copy.add(label_of(record))
    assert cassandra_copy.unreviewed().ids == []
    assert len(listed(cassandra_link)) == 1  # another service may just be writing there
    monkeypatch.setattr(cassandra_review, "SETTLED", 0)
    assert cassandra_copy.unreviewed().ids == []
    assert listed(cassandra_link) == []
    cassandra_copy.add(late, b"picture")
    assert cassandra_copy.unreviewed().ids == [late.id]


def test_one_question_reads_so_many_rows_and_says_where_it_stopped(
    cassandra_copy: CassandraStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, last = [of_yesterday() for _ in range(6)], of_yesterday()
    last = replace(last, id=min(record.id for record in [*done, last]))
    records = [*(record for record in done if record.id != last.id), last]
    cassandra_copy.add_all(records, {last.sha256 or "": b"picture"})
    cassandra_copy.add_all([label_of(record) for record in records[:-1]], {})
    monkeypatch.setattr(cassandra_review, "LOOK", 4)
    first = cassandra_copy.unreviewed()
    assert first.ids == []
    assert first.older is not None
    assert cassandra_copy.unreviewed(first.older).ids == [last.id]


def test_a_reading_whose_upload_is_under_way_is_given_to_nobody_and_waits_on(
    cassandra_copy: CassandraStore, cassandra_link: Any
) -> None:
    record = unsure()
    with Window(cassandra_link, 1) as window:
        put_reviews(cassandra_link, window, [record])
    assert cassandra_copy.lease([record.id], "ann", 60, 1) == []
    cassandra_copy.add(record, b"picture")
    assert cassandra_copy.unreviewed().ids == [record.id]
    assert cassandra_copy.lease([record.id], "ann", 60, 1) == [record]


def test_one_whose_upload_died_is_done_after_a_while(
    cassandra_copy: CassandraStore, cassandra_link: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = unsure()
    with Window(cassandra_link, 1) as window:
        put_reviews(cassandra_link, window, [record])
    assert cassandra_copy.lease([record.id], "ann", 60, 1) == []
    assert cassandra_link.execute("select done from review") == [(None,)]
    monkeypatch.setattr(cassandra_review, "SETTLED", 0)
    assert cassandra_copy.lease([record.id], "ann", 60, 1) == []
    assert cassandra_link.execute("select done from review") == [(True,)]


def test_what_is_done_is_marked_and_not_deleted(cassandra_copy: CassandraStore, cassandra_link: Any) -> None:
    record = unsure()
    cassandra_copy.add(record, b"picture")
    cassandra_copy.add(label_of(record))
    assert cassandra_link.execute("select id, number, done from review") == [(record.id, "7", True)]
