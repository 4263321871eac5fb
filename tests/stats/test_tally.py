"""What records count."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats_examples import NOON, label, recounted, upload

from mnist_predict.stats.tally import Counts, Mistake, add, of_label, of_reading, tally
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record
from mnist_predict.store.sqlite.store import SqliteStore

numbers = st.sampled_from(["", "1", "12", "1.2", "-12", "123", "-1"]) | st.text("0123", max_size=3)
events = st.lists(st.tuples(st.integers(0, 3), numbers, st.integers(0, 72)), max_size=12)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "kept.sqlite")
    yield opened
    opened.close()


def kept(store: Store, *records: Record) -> list[Record]:
    store.add_all(records, {})
    return list(records)


def test_a_reading_counts_its_confidence_its_digits_and_their_size() -> None:
    counts = of_reading(upload("4072", confidence=0.97))
    assert counts == {
        **{"readings": 1, "confidence": 0.97, "confidence 19": 1, "digits": 4, "boxes": 4},
        **{"height": 160, "aspect": 2.0},
    }
    assert of_reading(upload("7", confidence=1.0))["confidence 19"] == 1
    assert of_reading(upload("7", confidence=0.0))["confidence 0"] == 1


def test_a_reading_without_a_number_counts_as_that_and_a_record_without_a_reading_as_nothing() -> None:
    assert of_reading(upload("", sampled=True)) == {"readings": 1, "sampled": 1, "none": 1}
    assert of_reading(label(upload("7"), "7")) == {}


@pytest.mark.parametrize(
    ("read", "said", "name"),
    [("77", "7", "too many"), ("7", "77", "too few"), ("", "7", "missed"), ("7", "", "invented")],
)
def test_another_number_of_digits_is_a_mistake_of_its_own(read: str, said: str, name: str) -> None:
    assert of_label(upload(read), said) == {"labels": 1, "right": 0, name: 1}


def test_digits_are_compared_place_by_place() -> None:
    counts = of_label(upload("4079"), "4074")
    assert counts == {"labels": 1, "right": 0, "read 4 is 4": 1, "read 0 is 0": 1, "read 7 is 7": 1, "read 9 is 4": 1}
    assert of_label(upload("7", sampled=True), "7")["right of checked"] == 1
    assert of_label(upload("", sampled=True), "")["right of checked"] == 1


def test_what_people_say_is_compared_as_it_is_written() -> None:
    same = {"read 3 is 3": 1, "read 6 is 6": 1}
    assert of_label(upload("3.6"), "3.6") == {"labels": 1, "right": 1, **same}
    assert of_label(upload("36"), "3.6") == {"labels": 1, "right": 0, **same, "marks": 1}
    assert of_label(upload("-36", sampled=True), "36")["right of checked"] == 0
    assert of_label(upload("36"), "-3.7") == {"labels": 1, "right": 0, "read 3 is 3": 1, "read 6 is 7": 1}
    assert of_label(upload("3.6"), "3.65") == {"labels": 1, "right": 0, "too few": 1}


def test_what_is_withdrawn_is_counted_no_more(store: SqliteStore) -> None:
    read = upload("7", sampled=True)
    first = replace(label(read, "1"), by="anna")
    second = replace(label(read, "7", timedelta(hours=2)), by="ben")
    withdrawals = [replace(label(read, "7", timedelta(hours=3)), by="ben", withdraws=second.id)]
    withdrawals.append(replace(label(read, "1", timedelta(hours=4)), by="ben", withdraws=first.id))
    kept(store, read, first, second)

    def total(records: list[Record]) -> Counts:
        counted = tally(records, store)
        whole: Counts = {}
        for counts in counted.counts.values():
            add(whole, counts)
        return {name: count for name, count in whole.items() if count}

    before, both = total([read, first]), total([read, first, second])
    assert (both["twice"], both["right"], both["by ben"]) == (1, 1, 1)
    for at, expected in ((1, before), (2, of_reading(read))):
        kept(store, *withdrawals[:at])
        assert total([read, first, second, *withdrawals[:at]]) == pytest.approx(expected)
    assert tally(withdrawals, store).mistakes == {read.id: []}


def test_a_label_of_another_number_says_nothing_of_how_good_readings_are(store: SqliteStore) -> None:
    read = upload("7")
    counted = tally(kept(store, read, replace(label(read, "12"), of_number=1, by="anna")), store)
    assert list(counted.counts.values()) == [of_reading(read) | {"by anna": 1}]
    assert counted.mistakes == {}


def test_a_label_counts_for_the_day_of_its_record(store: SqliteStore) -> None:
    read = upload("7")
    said = label(read, "1", after=timedelta(days=3))
    counted = tally(kept(store, read, said), store)
    day = NOON.date()
    assert set(counted.counts) == {(day, day), (day + timedelta(days=3), day)}
    assert counted.mistakes == {read.id: [Mistake(read.id, 0, 7, 1)]}


def test_a_label_of_what_is_not_kept_any_more_counts_nothing(store: SqliteStore) -> None:
    assert tally(kept(store, label(upload("7"), "1")), store).counts == {}


def test_a_correction_that_is_taken_back_leaves_no_mistake(store: SqliteStore) -> None:
    read = upload("7")
    said = [label(read, "1"), label(read, "7", after=timedelta(hours=2))]
    for part in (kept(store, read, *said), said[:1], said[1:]):
        assert tally(part, store).mistakes == {read.id: []}


def test_a_flood_of_labels_of_one_record_asks_for_them_once(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = upload("7")
    said = [label(read, str(at % 10), timedelta(seconds=at)) for at in range(1, 301)]
    kept(store, read, *said)
    asked: list[UUID] = []
    look = store.label_history

    def count_looks(record_id: UUID) -> list[Record]:
        asked.append(record_id)
        return look(record_id)

    monkeypatch.setattr(store, "label_history", count_looks)
    counted = tally([read, *said], store)
    assert asked == [read.id]
    whole: Counts = {}
    for counts in counted.counts.values():
        add(whole, counts)
    assert (whole["labels"], whole["right"], whole["read 7 is 0"], whole["by "]) == (1, 0, 1, 300)


@settings(max_examples=40, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=4), events, st.integers(1, 5))
def test_in_whatever_parts_it_is_counted_only_the_newest_labels_count(
    read: list[str], said: list[tuple[int, str, int]], size: int
) -> None:
    uploads = [upload(number, NOON + timedelta(hours=7 * at)) for at, number in enumerate(read)]
    labels = [label(uploads[of % len(uploads)], number, timedelta(hours=hours)) for of, number, hours in said]
    with TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "kept.sqlite")
        kept(store, *uploads, *labels)
        newest_first = sorted([*uploads, *labels], key=lambda record: record.id, reverse=True)
        whole: Counts = {}
        for at in range(0, len(newest_first), size):
            for counts in tally(newest_first[at : at + size], store).counts.values():
                add(whole, counts)
        store.close()
    expected = recounted([*uploads, *labels])
    assert {name: whole.get(name, 0) for name in expected} == expected
    assert not {name for name, count in whole.items() if count and name.startswith("read ")} - set(expected)
