"""What every store promises. Written against the `Store` protocol alone."""

import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from uuid import UUID

import pytest
import store_examples
from store_examples import record_of, unsure

from mnist_predict.errors import Gone, KeyReused, StoreUnavailable
from mnist_predict.store.ids import first_id, new_id
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.search import Search

PICTURE = b"\x89PNG\r\n\x1a\n\x00 not really"
HOSTILE_NAMES = [
    *(
        "../x",
        "../../etc/passwd",
        "/",
        ".",
        "nul\0inside.png",
        "\0",
        "7 \U0001f600\u200d\U0001f525.png",
        "x" * 300,
    ),
    *("<script>alert(1)</script>", "record", "%2e%2e%2f", "'; drop table record; --", " ", "\u202egnp.exe"),
    "line\nbreak\r\n",
]


def all_pages(store: Store, limit: int) -> list[Record]:
    records = store.page(limit=limit)
    page = records
    while page:
        page = store.page(before=page[-1].id, limit=limit)
        records += page
    return records


def writer(url: str, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, str(Path(store_examples.__file__)), url, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_record_comes_back_as_it_was_kept(store: Store) -> None:
    upload = record_of(PICTURE, key="a key", by="ann")
    by_hand = record_of(number="4072", source="hand", reading=None, image_name="on paper")
    assert store.add(upload, PICTURE) == upload
    assert store.add(by_hand) == by_hand
    label = record_of(PICTURE, source="hand", number="71", reading=None, label_of=upload.id, by="bo")
    assert store.add(label) == label
    assert [store.get(r.id) for r in (upload, by_hand, label)] == [upload, by_hand, label]
    assert store.page() == [label, by_hand, upload]
    assert store.labels(upload.id) == [label]
    assert store.newest("seven.png") == upload
    assert store.picture(upload.sha256) == PICTURE


@pytest.mark.parametrize("written", ["3.65", "-12", "23.418", "1,250.00", "-0,5", "0042", ""])
def test_a_number_is_kept_as_it_is_written(store: Store, written: str) -> None:
    digits = "".join(c for c in written if c.isdecimal())
    upload = store.add(record_of(PICTURE, number=written), PICTURE)
    label = record_of(PICTURE, source="hand", number=written, reading=None, label_of=upload.id)
    store.add_all([label], {})
    assert store.page() == [label, upload]
    assert [(kept.written, kept.number) for kept in store.page()] == 2 * [(written, digits)]
    assert store.labels(upload.id) == [label]


def test_what_people_say_is_compared_as_it_is_written(store: Store) -> None:
    point, plain = (store.add(record_of(PICTURE, number=number), PICTURE) for number in ("3.65", "365"))
    for record, number in ((point, "365"), (plain, "365"), (point, "3.65"), (plain, "36.5")):
        newest = next(iter(store.labels(record.id)), record)
        label = {"id": new_id(newest.id), "label_of": record.id, "source": "hand", "reading": None}
        store.add(record_of(PICTURE, number=number, **label))
    assert store.search(Search(labelled="confirmed")).records == [point]
    assert store.search(Search(labelled="corrected")).records == [plain]
    assert store.search(Search(number="365", labelled="confirmed")).records == [point]
    assert point in store.search(Search(written="3.65")).records
    assert plain not in store.search(Search(written="3.65")).records


def test_the_grid_of_a_digit_has_only_what_is_written_as_this_digit_alone(store: Store) -> None:
    plain, *_ = (store.add(unsure(number), b"picture") for number in ("7", "-7"))
    assert store.unreviewed(digit="7").ids == [plain.id]
    assert len(store.unreviewed().ids) == 2


def test_an_empty_store_has_nothing(store: Store) -> None:
    assert store.get(new_id()) is None
    assert store.newest("seven.png") is None
    assert store.page() == []
    assert store.labels(new_id()) == []
    assert store.picture("0" * 64) is None


def test_pictures_of_every_size_come_back_to_the_byte(store: Store) -> None:
    for size in (0, 1, 524_287, 524_288, 524_289, 20 * 1024 * 1024):
        picture = random.Random(size).randbytes(size)
        store.add(record_of(picture), picture)
        assert store.picture(sha256(picture).hexdigest()) == picture


def test_a_name_is_only_data(store: Store) -> None:
    kept = [store.add(record_of(PICTURE, image_name=name), PICTURE) for name in HOSTILE_NAMES]
    for record in kept:
        assert store.newest(record.image_name) == record
        assert store.get(record.id) == record
    assert store.page() == kept[::-1]


def test_names_that_look_alike_are_different_names(store: Store) -> None:
    for name in ("é.png", "e\u0301.png", "É.png", "e.png", "e.png "):
        record = store.add(record_of(PICTURE, image_name=name), PICTURE)
        assert store.newest(name) == record
    assert len(store.page()) == 5


def test_what_is_new_is_kept_like_all_else(store: Store) -> None:
    """`is_new` is of the id alone: a key may be that of an earlier upload, and what is labelled may be erased."""
    uploads = [record_of(PICTURE, image_name="a"), record_of(PICTURE, key="k")]
    by_hand = [record_of(PICTURE, source="hand", reading=None), record_of(source="hand", reading=None)]
    label = record_of(PICTURE, source="hand", number="8", reading=None, label_of=uploads[0].id)
    records = [*uploads, *by_hand, label]
    for record in records:
        assert store.add(record, PICTURE if record.sha256 and not record.label_of else None, is_new=True) == record
    assert store.page() == records[::-1]
    assert store.picture(str(uploads[0].sha256)) == PICTURE
    assert [store.newest(name) for name in ("a", "seven.png")] == [uploads[0], by_hand[0]]
    assert store.labels(uploads[0].id) == [label]
    assert store.search(Search(image_name="a")).records == [uploads[0]]
    assert store.add(record_of(PICTURE, key="k"), PICTURE, is_new=True) == uploads[1]
    with pytest.raises(KeyReused):
        store.add(record_of(b"other", key="k"), b"other", is_new=True)
    for record in records:  # what was not answered is sent again, and then is new no more
        assert store.add(record, PICTURE if record.sha256 and not record.label_of else None) == record
    assert store.page() == records[::-1]
    store.erase(Erasure(new_id(), (uploads[0].id,)))
    with pytest.raises(Gone):
        store.add(record_of(source="hand", label_of=uploads[0].id), is_new=True)


def test_the_same_id_is_the_same_write(store: Store) -> None:
    record = record_of(PICTURE)
    assert store.add(record, PICTURE) == record
    assert store.add(record, PICTURE) == record
    assert store.page() == [record]


def test_a_retry_under_a_key_is_the_record_that_is_kept(store: Store) -> None:
    first = store.add(record_of(PICTURE, key="retry me"), PICTURE)
    assert store.add(record_of(PICTURE, key="retry me"), PICTURE) == first
    assert store.page() == [first]
    assert store.add(record_of(PICTURE, key="another"), PICTURE) != first


@pytest.mark.parametrize(
    "other", [record_of(b"other picture", key="k"), record_of(PICTURE, image_name="other name", key="k")]
)
def test_a_key_with_another_picture_or_name_is_refused(store: Store, other: Record) -> None:
    first = store.add(record_of(PICTURE, key="k"), PICTURE)
    with pytest.raises(KeyReused, match="Idempotency-Key"):
        store.add(other, b"other picture")
    assert store.page() == [first]
    assert store.get(other.id) is None
    assert store.picture(sha256(b"other picture").hexdigest()) is None


def test_an_id_with_another_picture_is_refused(store: Store) -> None:
    first = store.add(record_of(PICTURE), PICTURE)
    with pytest.raises(KeyReused):
        store.add(record_of(b"other", id=first.id), b"other")
    assert store.get(first.id) == first


def test_the_same_name_twice_keeps_both(store: Store) -> None:
    older = store.add(record_of(b"first"), b"first")
    newer = store.add(record_of(b"second"), b"second")
    assert store.newest("seven.png") == newer
    assert store.page() == [newer, older]
    assert store.picture(older.sha256) == b"first"


def test_the_newest_is_by_id_not_by_arrival(store: Store) -> None:
    early, late = record_of(b"early"), record_of(b"late")
    store.add(late, b"late")
    store.add(early, b"early")
    assert store.newest("seven.png") == late
    assert store.page() == [late, early]


def test_the_newest_of_a_name_is_one_that_brought_a_picture(store: Store) -> None:
    upload = store.add(record_of(PICTURE), PICTURE)
    store.add(record_of(source="hand", reading=None))
    store.add(record_of(PICTURE, source="hand", reading=None, label_of=upload.id))
    assert store.newest("seven.png") == upload


def test_labels_are_appended_and_the_newest_comes_first(store: Store) -> None:
    upload = store.add(record_of(PICTURE), PICTURE)
    other = store.add(record_of(PICTURE), PICTURE)
    labels: list[Record] = []
    for number in ("7", "71", "17", "77"):
        after = labels[-1].id if labels else upload.id
        label = record_of(PICTURE, id=new_id(after), number=number, source="hand", label_of=upload.id)
        labels.append(store.add(label))
    assert store.labels(upload.id) == labels[::-1]
    assert store.labels(other.id) == []
    assert store.newest_labels([upload.id, other.id, new_id()]) == {upload.id: labels[-1]}


def test_a_label_is_newest_even_when_its_clock_is_behind(store: Store) -> None:
    ahead = UUID(int=new_id().int + (3_600_000 << 80))  # by an hour
    store.add(record_of(PICTURE, id=ahead), PICTURE)
    first = store.add(record_of(PICTURE, id=new_id(ahead), source="hand", label_of=ahead))
    second = store.add(record_of(PICTURE, id=new_id(first.id), source="hand", label_of=ahead))
    assert store.labels(ahead) == [second, first]


def test_pages_are_newest_first_and_of_the_size_asked_for(store: Store) -> None:
    kept = [store.add(record_of()) for _ in range(7)][::-1]
    assert store.page(limit=3) == kept[:3]
    assert store.page(before=kept[2].id, limit=3) == kept[3:6]
    assert store.page(before=kept[6].id) == []
    assert store.page(before=UUID(int=0)) == []
    assert store.page(before=UUID(int=2**128 - 1)) == kept


def test_a_page_may_begin_where_a_time_does(store: Store) -> None:
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    older, newer = (record_of(id=UUID(int=first_id(midnight).int + step)) for step in (-1, 0))
    store.add_all([older, newer], {})
    assert store.page(before=first_id(midnight)) == [older]
    assert store.page(before=first_id(midnight + timedelta(milliseconds=1))) == [newer, older]


def test_records_of_quiet_years_are_one_history(store: Store) -> None:
    now = new_id()
    hours = [*range(0, 300, 5), 400, 2_000, 10_000, 20_000, 40_000]
    kept = [record_of(PICTURE, id=UUID(int=now.int - (hour * 3_600_000 << 80))) for hour in hours]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda record: store.add(record, PICTURE), kept))
    assert store.page() == kept[:50]
    assert all_pages(store, 7) == kept
    assert store.newest("seven.png") == kept[0]
    assert store.count() == len(kept)


def test_thousands_of_records_without_skips_or_repeats_while_others_write(store: Store) -> None:
    before = [record_of(reading=None) for _ in range(2_000)]
    for start in range(0, len(before), 500):
        store.add_all(before[start : start + 500], {})
    with ThreadPoolExecutor(8) as threads:
        writing = [threads.submit(store.add, record_of(reading=None)) for _ in range(100)]
        seen = [record.id for record in all_pages(store, 197)]
        after = {future.result().id for future in writing}
    ids = {record.id for record in before}
    assert len(seen) == len(set(seen))
    assert ids <= set(seen) <= ids | after
    assert all(newer > older for newer, older in pairwise(seen))
    assert len(all_pages(store, 1000)) == 2_100


def test_threads_see_their_own_writes(store: Store) -> None:
    def write_and_look(i: int) -> None:
        picture = b"%d" % (i % 10)
        record = record_of(picture, image_name=f"{i}.png", key=f"{i}")
        assert store.add(record, picture) == record
        assert store.get(record.id) == record
        assert store.newest(record.image_name) == record
        assert store.picture(record.sha256) == picture

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(write_and_look, range(100)))
    assert len(store.page(limit=1000)) == 100


def test_one_key_from_many_threads_at_once_is_one_record(store: Store) -> None:
    start = Barrier(8)

    def retry(_: int) -> UUID:
        record = record_of(PICTURE, key="the same")
        start.wait()
        return store.add(record, PICTURE).id

    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(retry, range(8)))
    assert [record.id for record in store.page()] == list(ids)


def test_refused_writes_among_others_leave_the_others_alone(store: Store) -> None:
    first = store.add(record_of(PICTURE, key="taken"), PICTURE)

    def write(i: int) -> Record | None:
        if i % 3:
            return store.add(record_of(PICTURE), PICTURE)
        with pytest.raises(KeyReused):
            store.add(record_of(b"other", key="taken"), b"other")
        return None

    with ThreadPoolExecutor(16) as threads:
        kept = {record.id for record in threads.map(write, range(60)) if record}
    assert {record.id for record in store.page(limit=1000)} == kept | {first.id}


def test_everything_is_there_after_reopening(store: Store, reopen: Callable[[], Store]) -> None:
    upload = store.add(record_of(PICTURE, key="k"), PICTURE)
    label = store.add(record_of(PICTURE, source="hand", label_of=upload.id))
    store.close()
    again = reopen()
    assert again.page() == [label, upload]
    assert again.labels(upload.id) == [label]
    assert again.picture(upload.sha256) == PICTURE
    assert again.add(record_of(PICTURE, key="k"), PICTURE) == upload


def test_records_are_counted_and_pictures_listed_once_each(store: Store) -> None:
    assert (store.count(), list(store.pictures())) == (0, [])
    kept = {sha256(picture).hexdigest(): picture for picture in (b"%d" % i for i in range(1200))}
    store.add_all([record_of(sha256=digest, reading=None) for digest in [*kept, *list(kept)[:300]]], kept)
    store.add(record_of(None))
    assert store.count() == 1501
    assert sorted(store.pictures()) == sorted(kept)


def test_many_records_are_kept_at_once(store: Store) -> None:
    pictures = {sha256(picture).hexdigest(): picture for picture in (b"", b"one", b"two", bytes(2_000_000))}
    before = store.add(record_of(b"one", image_name="a"), b"one")
    uploads = [record_of(None, sha256=digest, image_name=name) for digest in pictures for name in "abc"]
    by_hand = [record_of(None, source="hand", reading=None) for _ in range(300)]
    labels = [record_of(None, id=new_id(before.id), label_of=before.id, source="hand") for _ in range(3)]
    records = [before, *uploads, *by_hand, *labels]
    for _ in range(2):  # it may be repeated
        store.add_all(records, pictures)
        assert store.page(limit=1000) == sorted(records, key=lambda record: record.id, reverse=True)
    assert {digest: store.picture(digest) for digest in pictures} == pictures
    assert [store.newest(name) for name in "abc"] == uploads[-3:]
    assert store.labels(before.id) == labels[::-1]
    store.add_all([], {})


def test_an_id_that_was_merged_leads_to_the_record_that_is_kept_and_to_all_labels(store: Store) -> None:
    record = store.add(record_of(PICTURE), PICTURE)
    merged = [new_id(), new_id()]
    labels = [store.add(record_of(PICTURE, source="hand", label_of=of)) for of in (record.id, *merged)]
    assert [store.get(one) for one in merged] == [None, None]
    for one in (*merged, *merged):  # it may be repeated
        store.merge(one, record.id)
    assert [store.get(one) for one in (record.id, *merged)] == [record] * 3
    assert store.labels(record.id) == labels[::-1]
    assert store.newest_labels([record.id]) == {record.id: labels[-1]}
    assert sorted(store.merged()) == sorted((one, record.id) for one in merged)
    assert store.page() == [*labels[::-1], record]


def test_two_stores_open_at_once_see_each_other(store: Store, reopen: Callable[[], Store]) -> None:
    other = reopen()
    for one, two in ((store, other), (other, store)):
        record = one.add(record_of(PICTURE), PICTURE)
        assert two.get(record.id) == record
        assert two.newest("seven.png") == record
        assert two.page(limit=1) == [record]


def test_several_processes_start_and_write_at_once(url: str, reopen: Callable[[], Store]) -> None:
    processes = [writer(url, 100) for _ in range(3)]
    printed = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    # Each used the keys of the others, for the same pictures: all were told of the same hundred records.
    kept = {str(record.id) for record in reopen().page(limit=1000)}
    assert len(kept) == 100
    assert [set(ids[::2]) for ids in printed] == [kept] * 3


def test_what_was_acknowledged_survives_kill_9(url: str, reopen: Callable[[], Store]) -> None:
    process = writer(url, 1_000_000)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(100)]
    process.kill()
    lines += process.stdout.read().splitlines()
    process.wait()
    store = reopen()

    def is_kept(line: str) -> bool:
        record_id, digest = line.split()
        record, picture = store.get(UUID(record_id)), store.picture(digest)
        assert record is not None
        assert picture is not None
        return sha256(picture).hexdigest() == record.sha256 == digest

    whole = [line for line in lines if len(line) >= 36 + 1 + 64]
    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(is_kept, whole))


def test_checking_that_it_can_write_leaves_nothing_behind(store: Store) -> None:
    store.check_writable()
    store.check_writable()
    assert store.page() == []


def test_a_closed_store_says_so(store: Store) -> None:
    store.add(record_of(PICTURE), PICTURE)
    store.close()
    store.close()
    for use in (lambda: store.add(record_of()), store.page, store.check_writable):
        with pytest.raises(StoreUnavailable, match="closed"):
            use()


def test_closing_lets_the_writes_that_were_begun_finish(store: Store, reopen: Callable[[], Store]) -> None:
    def write(_: int) -> UUID | None:
        try:
            return store.add(record_of(PICTURE), PICTURE).id
        except StoreUnavailable:
            return None

    with ThreadPoolExecutor(16) as threads:
        results = [threads.submit(write, i) for i in range(200)]
        results[50].result()
        store.close()
        acknowledged = {future.result() for future in results} - {None}
    assert {record.id for record in reopen().page(limit=1000)} == acknowledged
