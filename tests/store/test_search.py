"""What every store promises of searching. Written against the `Store` protocol alone."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from store_examples import READING, record_of

from mnist_predict.store import search as search_module
from mnist_predict.store.ids import first_id, new_id
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record
from mnist_predict.store.search import EDGES, Search

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONFIDENCES = (0.0, 0.3, *EDGES, 0.97, 0.9999, 1.0)


def found(store: Store, search: Search, limit: int = 7) -> list[Record]:
    """All that is found, page by page."""
    records: list[Record] = []
    before = None
    for _ in range(200):
        page = store.search(search, before, limit)
        assert len(page.records) <= limit
        records += page.records
        if page.rest is None:
            return records
        assert before is None or page.rest < before
        before = page.rest
    raise AssertionError("it never ends")


def made(chance: random.Random, minutes: int) -> Record:
    """An upload of so long ago, read in one of many ways."""
    confidence = chance.choice(CONFIDENCES)
    number = chance.choice(["", "7", "77", "7.7", "-77"])
    read = replace(READING.numbers[0], written=number, confidence=confidence)
    reading = replace(READING, numbers=(read,), model_version=chance.choice(["v1-abc", "v2-def"]))
    at = first_id(NOW - timedelta(minutes=minutes)).int | chance.getrandbits(62)
    return record_of(id=UUID(int=at), number=number, reading=reading, image_name=chance.choice(["a.png", "b.png"]))


@pytest.fixture
def kept(store: Store) -> list[Record]:
    """Uploads of two months, some with labels, and records by hand; newest first."""
    chance = random.Random(6)
    uploads = [made(chance, minutes) for minutes in (*range(0, 50), *range(60, 90_000, 1_500))]
    labels = []
    for upload in uploads[::3]:
        for number in chance.choice([("7",), ("7", "77"), ("77", "7"), ("1",), ("77", "7.7"), ("-77",)]):
            newest = labels[-1].id if labels and labels[-1].label_of == upload.id else upload.id
            labels.append(record_of(id=new_id(newest), number=number, source="hand", reading=None, label_of=upload.id))
    by_hand = [
        record_of(number=number, source="hand", reading=None, image_name="a.png") for number in ("7", "8", "7.7")
    ]
    records = sorted([*uploads, *labels, *by_hand], key=lambda record: record.id, reverse=True)
    store.add_all(records[: len(records) // 2], {})  # labels before what they label, as in a copy
    for record in records[len(records) // 2 :]:
        store.add(record)
    return records


def expected(kept: list[Record], search: Search) -> list[Record]:
    """What is searched for, by looking at everything."""

    def said(record: Record) -> str | None:
        labels = [label for label in kept if label.label_of == record.id]
        if record.source != "upload" or not labels:
            return "no" if record.source == "upload" else None
        return "confirmed" if labels[0].written == record.written else "corrected"

    return [
        record
        for record in kept
        if search.number in (None, record.number)
        and search.written in (None, record.written)
        and search.image_name in (None, record.image_name)
        and (search.name_part or "").lower() in record.image_name.lower()
        and (search.since is None or record.record_time >= search.since)
        and (search.until is None or record.record_time < search.until)
        and (search.least is None or (record.reading is not None and record.reading.confidence >= search.least))
        and (search.most is None or (record.reading is not None and record.reading.confidence < search.most))
        and search.model_version in (None, record.reading and record.reading.model_version)
        and search.labelled in (None, said(record))
    ]


def searches() -> Iterator[Search]:
    yield Search()
    for number in ("", "7", "77", "8", "nothing"):
        yield Search(number=number)
    for written in ("7.7", "-77", "7,7"):
        yield Search(written=written)
    yield Search(written="7.7", labelled="confirmed")
    yield Search(written="-77", image_name="a.png", least=0.5)
    for name in ("a.png", "b.png", "seven.png", "c.png"):
        yield Search(image_name=name)
    for least, most in ((0.8, 0.95), (None, 0.5), (0.999, None), (0.96, 0.9995), (0.3, 0.31), (0.0, 0.97)):
        yield Search(least=least, most=most)
    for part in ("b", "A.P", ".png", "%", "_", "seven.png.old"):
        yield Search(name_part=part)
    yield Search(name_part="b.", number="77", labelled="no")
    yield Search(model_version="v2-def")
    yield Search(model_version="v3")
    yield Search(labelled="no")
    yield Search(labelled="confirmed")
    yield Search(labelled="corrected")
    yield Search(since=NOW - timedelta(days=20), until=NOW - timedelta(minutes=30))
    yield Search(number="7", since=NOW - timedelta(days=20), until=NOW - timedelta(minutes=30))
    yield Search(least=0.9, labelled="corrected", until=NOW)
    yield Search("77", "b.png", least=0.5, model_version="v1-abc")
    yield Search(model_version="v1-abc", labelled="no", since=NOW - timedelta(days=40))


def test_what_is_searched_for_is_found_newest_first_without_skips_or_repeats(store: Store, kept: list[Record]) -> None:
    for search in searches():
        assert found(store, search) == expected(kept, search), search


def test_what_is_found_is_counted_labels_aside(store: Store, kept: list[Record]) -> None:
    for search in searches():
        count = len([record for record in expected(kept, search) if record.label_of is None])
        counted = store.count_found(search)
        assert counted.count == count or (counted.more and counted.count < count), search
        if len(expected(kept, search)) <= search_module.COUNTED and search.exact:
            assert not counted.more


def test_of_several_things_a_bounded_number_of_records_is_looked_at(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sqlite.search", "cassandra.search", "search"):
        monkeypatch.setattr(f"mnist_predict.store.{module}.LOOK", 20)
    needle = store.add(record_of(image_name="needle", id=first_id(NOW - timedelta(hours=3))))
    hay = [record_of(id=first_id(NOW - timedelta(seconds=i))) for i in range(50)]
    store.add_all(hay, {})
    search = Search(image_name="needle", number="77", model_version="v1-abc")
    assert store.search(search).records == [needle]
    search = Search(number="77", least=0.9, most=0.9001)
    pages = [store.search(search)]
    assert (pages[0].records, pages[0].rest) == ([], hay[19].id)
    while (rest := pages[-1].rest) is not None:
        pages.append(store.search(search, rest))
    assert len(pages) == 3


def test_a_label_of_an_id_that_was_merged_is_of_the_record_that_is_kept(store: Store) -> None:
    record = store.add(record_of())
    merged, later = new_id(), new_id()
    store.add(record_of(number="1", source="hand", reading=None, id=new_id(record.id), label_of=merged))
    assert store.search(Search(labelled="no")).records == [record]
    store.merge(merged, record.id)
    assert store.search(Search(labelled="corrected")).records == [record]
    store.merge(later, record.id)
    store.add(record_of(number="77", source="hand", reading=None, id=new_id(record.id), label_of=later))
    assert store.search(Search(labelled="confirmed")).records == [record]
    assert store.search(Search(labelled="corrected")).records == []


def test_bands_hold_what_their_edges_say() -> None:
    assert list(Search(least=0.8, most=0.95).bands) == [4, 5]
    assert list(Search(least=0.8).bands) == list(range(4, len(EDGES) + 1))
    assert list(Search(most=0.5).bands) == [0]
    assert list(Search(least=0.6, most=0.6).bands) == []
    assert [search_module.band(confidence) for confidence in (0, 0.4999996, 0.5, 1)] == [0, 1, 1, len(EDGES)]
    assert Search(least=0.8, most=0.95).exact
    assert not Search(least=0.81).exact
    assert not Search(least=0.8, number="7").exact
