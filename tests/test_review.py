"""What the review counts of a store."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from store_examples import label_of, record_of

from mnist_predict import review
from mnist_predict.store.ids import new_id
from mnist_predict.store.opening import open_store
from mnist_predict.store.protocol import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/kept.sqlite")
    yield opened
    opened.close()


def test_new_labels_are_counted_by_what_they_label_since_a_version_was_learned(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "_PAGE", 3)
    records = [store.add(record_of(b"picture", image_name=f"{n}.png"), b"picture") for n in range(4)]
    store.add(label_of(records[0]))
    learned = new_id()
    for record, number in ((records[1], "1"), (records[1], "2"), (records[2], "3")):
        store.add(label_of(record, number))
    assert review.labels_since(store, None) == review.Remaining(3, False)
    assert review.labels_since(store, learned) == review.Remaining(2, False)
    assert review.labels_since(store, new_id()) == review.Remaining(0, False)
    monkeypatch.setattr(review, "_MAX_PAGES", 1)
    assert review.labels_since(store, None) == review.Remaining(2, True)
    monkeypatch.undo()
    last = store.add(label_of(records[3], "4"))
    store.add(replace(last, id=new_id(after=last.id), withdraws=last.id))
    assert review.labels_since(store, learned) == review.Remaining(2, False)
    for number in "56":
        store.add(replace(label_of(records[3], number), of_number=1))
    assert review.labels_since(store, learned) == review.Remaining(3, False)
