"""Which labels of a record count: of which of its numbers, and after they were withdrawn."""

from dataclasses import replace
from itertools import permutations
from uuid import UUID

from store_examples import label_of, read_as, unsure

from mnist_predict.store.ids import new_id
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.search import Labelled, Search

PICTURE = b"picture"


def withdrawal_of(label: Record) -> Record:
    later = UUID(int=label.id.int | (1 << 80) - 1)  # as `Service.withdraw` makes it
    return replace(label, id=new_id(after=later), withdraws=label.id)


def said(store: Store, record: Record) -> Labelled | None:
    """What a search finds of what people say of a record."""
    kinds: tuple[Labelled, ...] = ("no", "confirmed", "corrected")
    found = [kind for kind in kinds if record.id in {r.id for r in store.search(Search(labelled=kind)).records}]
    assert len(found) <= 1
    return found[0] if found else None


def test_a_label_of_another_number_says_nothing_of_the_primary_one(store: Store) -> None:
    record = unsure()
    store.add(record, PICTURE)
    other = store.add(replace(label_of(record, "12"), of_number=3))
    assert store.label_history(record.id) == [other]
    assert store.get(other.id) == other
    assert store.labels(record.id) == []
    assert store.newest_labels([record.id]) == {}
    assert store.unreviewed().ids == [record.id]
    assert said(store, record) == "no"
    assert store.search(Search(labelled="others")).records == [other]
    assert store.search(Search(labelled="others", number="12", image_name=other.image_name)).records == [other]
    assert store.search(Search(labelled="others", number="13")).records == []
    own = store.add(label_of(record, "8"))
    assert store.labels(record.id) == [own]
    assert store.newest_labels([record.id]) == {record.id: own}
    assert said(store, record) == "corrected"
    assert {each.id for each in store.erased_with(record)} == {record.id, other.id, own.id}
    assert store.search(Search(labelled="others")).records == [other]
    store.erase(Erasure(new_id(), (record.id, other.id, own.id)))
    assert store.search(Search(labelled="others")).records == []


def test_what_was_withdrawn_counts_no_more_and_stays_in_the_history(store: Store) -> None:
    record = unsure()
    store.add(record, PICTURE)
    first = store.add(label_of(record))
    second = store.add(replace(label_of(record, "9"), id=new_id(after=UUID(int=first.id.int | (1 << 80) - 1))))
    assert said(store, record) == "corrected"
    back = store.add(withdrawal_of(second))
    assert store.labels(record.id) == [first]
    assert store.newest_labels([record.id]) == {record.id: first}
    assert said(store, record) == "confirmed"
    assert store.unreviewed().ids == []
    again = store.add(replace(withdrawal_of(first), id=new_id(after=UUID(int=back.id.int | (1 << 80) - 1))))
    assert store.labels(record.id) == []
    assert store.newest_labels([record.id]) == {}
    assert said(store, record) == "no"
    assert store.unreviewed().ids == [record.id]
    assert store.lease([record.id], "me", 60, 1) == [record]
    assert store.label_history(record.id) == [again, back, second, first]


def test_what_nobody_needs_to_look_at_does_not_wait_after_a_withdrawal(store: Store) -> None:
    sure = store.add(read_as("77", 0.99), PICTURE)
    store.add(withdrawal_of(store.add(label_of(sure))))
    assert said(store, sure) == "no"
    assert store.unreviewed().ids == []
    assert store.lease([sure.id], "me", 60, 1) == []


def test_the_order_in_which_they_come_does_not_matter(store: Store) -> None:
    for order in permutations(range(4), 4):
        record = unsure()
        first = label_of(record)
        second = replace(label_of(record, "9"), id=new_id(after=UUID(int=first.id.int | (1 << 80) - 1)))
        every = [record, first, second, withdrawal_of(second)]
        for at in order:
            store.add_all([every[at]], {record.sha256 or "": PICTURE} if at == 0 else {})
        assert store.newest_labels([record.id]) == {record.id: first}, order
        assert said(store, record) == "confirmed", order
        assert store.lease([record.id], "me", 60, 1) == [], order
