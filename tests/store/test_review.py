"""Which readings wait for a person, and who holds them: what every store promises."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from store_examples import label_of, plain_id, read_as, record_of, unsure, until

from mnist_predict.store.ids import new_id
from mnist_predict.store.protocol import Store

PICTURE = b"picture"  # of what `read_as` makes


def kept(store: Store, count: int) -> list[UUID]:
    """The ids of so many that wait, newest first."""
    records = [unsure() for _ in range(count)]
    store.add_all(records, {records[0].sha256 or "": PICTURE})
    return sorted((record.id for record in records), reverse=True)


def test_what_a_person_should_look_at_waits_newest_first(store: Store) -> None:
    sure, doubtful, three = read_as("77", 0.99), unsure("41"), unsure("3")
    by_hand = record_of(PICTURE, id=plain_id(), source="hand", reading=None)
    for record in (sure, doubtful, by_hand, three):
        store.add(record, PICTURE)
    store.add(three, PICTURE)
    assert store.unreviewed().ids == sorted([three.id, doubtful.id], reverse=True)
    assert store.unreviewed().older is None
    assert store.unreviewed(digit="3").ids == [three.id]
    assert store.unreviewed(digit="4").ids == []


def test_they_are_found_page_by_page(store: Store) -> None:
    ids = kept(store, 25)
    first = store.unreviewed(limit=10)
    second = store.unreviewed(first.older, limit=10)
    third = store.unreviewed(second.older, limit=10)
    assert first.ids + second.ids + third.ids == ids
    assert third.older is None
    assert store.unreviewed(ids[4], limit=3, digit="7").ids == ids[5:8]


@pytest.mark.parametrize("number", ["7", "8", ""])
def test_a_label_takes_it_out_for_good(store: Store, number: str) -> None:
    record, other = unsure(), unsure()
    for each in (record, other):
        store.add(each, PICTURE)
    store.add(label_of(record, number))
    store.add(record, PICTURE)
    assert store.unreviewed().ids == [other.id]
    assert store.lease([record.id, other.id], "me", 60, 2) == [other]


def test_a_label_may_come_before_its_record(store: Store) -> None:
    record = unsure()
    store.add_all([label_of(record)], {})
    store.add_all([record], {record.sha256 or "": PICTURE})
    assert store.unreviewed().ids == []


def test_a_label_of_what_was_merged_into_it_counts(store: Store) -> None:
    record, later = unsure(), unsure()
    store.add(record, PICTURE)
    store.add(label_of(later))
    store.merge(later.id, record.id)
    assert store.lease([record.id], "me", 60, 1) == []
    assert store.unreviewed().ids == []


def test_two_people_are_never_given_the_same(store: Store) -> None:
    ids = kept(store, 12)
    with ThreadPoolExecutor(4) as threads:
        given = list(threads.map(lambda who: store.lease(ids, f"person {who}", 60, 3), range(4)))
    assert sorted((record.id for held in given for record in held), reverse=True) == ids
    assert store.lease(ids, "late", 60, 1) == []
    assert store.unreviewed().ids == ids


def test_it_is_given_to_others_when_its_time_is_over_and_may_be_held_longer(store: Store) -> None:
    ids = kept(store, 2)
    assert len(store.lease(ids, "one", 2, 2)) == 2
    assert [record.id for record in store.lease([ids[1]], "one", 60, 1)] == [ids[1]]
    assert store.lease(ids, "two", 60, 2) == []
    assert [record.id for record in until(lambda: store.lease(ids, "two", 60, 2))] == [ids[0]]


def test_what_is_set_aside_is_nobodys_for_a_while(store: Store) -> None:
    ids = kept(store, 3)
    assert len(store.lease(ids, "me", 60, 2)) == 2
    store.skip(ids[0], "me", 2)
    store.skip(ids[1], "another", 2)
    store.skip(ids[2], "me", 60)
    assert [record.id for record in store.lease(ids, "me", 60, 3)] == [ids[1]]
    assert [record.id for record in until(lambda: store.lease(ids, "another", 60, 3))] == [ids[0]]


def test_what_does_not_wait_is_given_to_nobody(store: Store) -> None:
    sure = store.add(read_as("7", 0.99), PICTURE)
    assert store.lease([sure.id, new_id()], "me", 60, 2) == []


def test_it_is_there_for_those_who_open_the_store_later(store: Store, reopen: Callable[[], Store]) -> None:
    ids = kept(store, 2)
    store.lease(ids, "me", 60, 1)
    later = reopen()
    assert later.unreviewed().ids == ids
    assert [record.id for record in later.lease(ids, "another", 60, 2)] == [ids[1]]
