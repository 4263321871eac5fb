"""What every store promises of erasing: nothing of what was erased is left, and nothing brings it back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from store_examples import record_of

from mnist_predict.errors import Gone
from mnist_predict.store.ids import new_id
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.sqlite.store import SqliteStore
from mnist_predict.store.tools.check import check
from mnist_predict.store.tools.copy import copy, everything

PICTURE = b"a picture that nobody may see any more"


def erase(store: Store, *records: Record, by: str | None = None) -> Erasure:
    """As the service does."""
    together = {each.id for record in records for each in store.erased_with(record)}
    return store.erase(Erasure(new_id(), tuple(together), by))


def assert_gone(store: Store, *records: Record) -> None:
    ids = {record.id for record in records}
    for record in records:
        assert store.get(record.id) is None
        assert store.labels(record.id) == []
    assert store.erased(ids) == ids
    assert ids.isdisjoint(record.id for record in everything(store))
    checked = check(store)
    assert (checked.well, checked.without_record) == (True, [])


def test_a_picture_is_erased_with_all_its_records_and_their_labels(store: Store) -> None:
    uploads = [store.add(record_of(PICTURE, image_name=name, key=name), PICTURE) for name in ("a", "b")]
    by_hand = store.add(record_of(PICTURE, source="hand", reading=None), PICTURE)
    labels = [store.add(record_of(picture, source="hand", label_of=uploads[0].id)) for picture in (PICTURE, None)]
    other = store.add(record_of(b"other", image_name="a"), b"other")
    its_label = store.add(record_of(b"other", source="hand", label_of=other.id))
    going = [*uploads, by_hand, *labels]
    for record in going:
        assert store.erased_with(record) == going[::-1]
    done = erase(store, uploads[0], by="ann")
    assert (set(done.records), done.by) == ({record.id for record in going}, "ann")
    assert_gone(store, *going)
    assert store.picture(str(uploads[0].sha256)) is None
    assert [store.newest(name) for name in ("a", "b", "seven.png")] == [other, None, None]
    assert store.page() == [its_label, other]
    assert (store.labels(other.id), store.picture(str(other.sha256)), store.count()) == ([its_label], b"other", 2)
    assert list(store.erasures()) == [done]
    assert store.erased([other.id, new_id()]) == set()


def test_a_record_without_a_picture_is_erased_with_its_labels_alone(store: Store) -> None:
    by_hand, other = (store.add(record_of(source="hand", reading=None)) for _ in range(2))
    label = store.add(record_of(source="hand", reading=None, label_of=by_hand.id))
    assert store.erased_with(label) == store.erased_with(by_hand) == [label, by_hand]
    erase(store, label)
    assert_gone(store, by_hand, label)
    assert store.page() == [other]


def test_the_name_of_what_was_erased_leads_to_the_newest_that_is_left(store: Store) -> None:
    older, newer, newest = (store.add(record_of(picture), picture) for picture in (b"older", b"newer", PICTURE))
    erase(store, newest)
    assert store.newest("seven.png") == newer
    store.add(newer, b"newer")  # a retry
    assert store.newest("seven.png") == newer
    erase(store, older)
    assert store.newest("seven.png") == newer
    again = store.add(record_of(PICTURE), PICTURE)
    assert store.newest("seven.png") == again
    erase(store, newer)
    assert store.newest("seven.png") == again


def test_nothing_brings_back_what_was_erased(store: Store, reopen: Callable[[], Store]) -> None:
    upload = store.add(record_of(PICTURE, key="k"), PICTURE)
    label = store.add(record_of(PICTURE, source="hand", label_of=upload.id))
    erase(store, upload)
    for one in (store, reopen()):
        for again in (
            upload,  # a retry under its id,
            record_of(PICTURE, key="k"),  # or its key,
            record_of(b"other", key="k"),
            label,
            record_of(PICTURE, source="hand", label_of=upload.id),  # or a label that comes late
        ):
            with pytest.raises(Gone, match=r"Record .* was erased for good"):
                one.add(again, PICTURE if again.sha256 == upload.sha256 and not again.label_of else None)
        one.add_all([upload, label], {str(upload.sha256): PICTURE})
        one.merge(late := new_id(), upload.id)
        assert one.get(late) is None
        assert one.erased([late]) == {late}
    assert_gone(store, upload, label)
    assert (store.page(), store.picture(str(upload.sha256)), list(store.merged())) == ([], None, [])


def test_who_uploads_the_picture_anew_may(store: Store) -> None:
    erased = store.add(record_of(PICTURE), PICTURE)
    erase(store, erased)
    anew = store.add(record_of(PICTURE, key="another"), PICTURE)
    assert (store.page(), store.newest("seven.png")) == ([anew], anew)
    assert store.picture(str(anew.sha256)) == PICTURE
    assert store.erased_with(anew) == [anew]


def test_ids_that_were_merged_go_with_the_record_and_all_their_labels(store: Store) -> None:
    record = store.add(record_of(PICTURE), PICTURE)
    merged = new_id()
    label = store.add(record_of(source="hand", reading=None, label_of=merged))
    store.merge(merged, record.id)
    done = erase(store, record)
    assert set(done.records) == {record.id, merged, label.id}
    assert_gone(store, record, label)
    assert store.get(merged) is None
    assert list(store.merged()) == []


@pytest.mark.parametrize("by_label", [False, True], ids=["record", "label"])
def test_very_many_are_erased_in_parts_and_what_was_asked_for_comes_last(store: Store, by_label: bool) -> None:
    """So whoever is interrupted, or told that more is left, may ask for the same again."""
    uploads = [store.add(record_of(PICTURE, key=f"{at}"), PICTURE) for at in range(6)]
    labels = [store.add(record_of(PICTURE, source="hand", label_of=uploads[at].id)) for at in (0, 0, 2, 5)]
    other = store.add(record_of(b"other"), b"other")
    asked = labels[2] if by_label else uploads[2]
    parts: list[list[Record]] = []
    while store.get(asked.id):
        parts.append(store.erased_with(asked, limit=3))
        store.erase(Erasure(new_id(), tuple(each.id for each in parts[-1])))
    assert max(map(len, parts)) == 3
    assert not [each for each in parts[0] if each.label_of is None]
    assert_gone(store, *uploads, *labels)
    assert store.erased_with(asked) == []
    assert (store.page(), store.picture(str(asked.sha256))) == ([other], None)


def test_an_erasure_is_of_these_records_and_may_be_repeated(store: Store) -> None:
    """As one store tells it to another, where the picture may have come again."""
    gone, stays = (store.add(record_of(PICTURE, image_name=name), PICTURE) for name in ("a", "b"))
    elsewhere = new_id()
    erasure = Erasure(new_id(), (gone.id, elsewhere), "ann")
    for _ in range(2):
        store.erase(erasure)
        assert store.erased([gone.id, elsewhere, stays.id]) == {gone.id, elsewhere}
        assert store.picture(str(stays.sha256)) == PICTURE
    assert (store.page(), store.newest("a"), store.newest("b")) == ([stays], None, stays)
    assert list(store.erasures()) == [erasure]
    later = store.erase(Erasure(new_id(), (stays.id,)))
    assert list(store.erasures()) == [later, erasure]
    assert store.picture(str(stays.sha256)) is None


def test_while_it_is_erased_retries_and_labels_leave_nothing(store: Store) -> None:
    """Whoever comes first: what was acknowledged before goes too, what comes later is told."""
    for turn in range(6):
        upload = store.add(record_of(PICTURE, key=f"{turn}"), PICTURE)
        start = Barrier(7)

        def come(number: int, upload: Record = upload, start: Barrier = start) -> Record | None:
            retry, label = record_of(PICTURE, key=upload.key), record_of(source="hand", label_of=upload.id)
            again = (upload, retry, label)[number % 3]
            start.wait()
            try:
                return store.add(again, PICTURE if again.sha256 else None)
            except Gone:
                return None

        def go(upload: Record = upload, start: Barrier = start) -> None:
            start.wait()
            erase(store, upload)

        with ThreadPoolExecutor(7) as threads:
            going = threads.submit(go)
            came = [record for record in threads.map(come, range(6)) if record]
            going.result()
        assert_gone(store, upload, *came)
        assert store.picture(str(upload.sha256)) is None


@pytest.mark.parametrize("is_new", [False, True])
def test_an_upload_of_the_picture_meanwhile_is_whole_or_gone(store: Store, is_new: bool) -> None:
    for _ in range(6):
        upload = store.add(record_of(PICTURE), PICTURE)
        start = Barrier(5)

        def come(_: int, start: Barrier = start) -> Record | None:
            start.wait()
            try:
                return store.add(record_of(PICTURE), PICTURE, is_new)
            except Gone:
                return None

        def go(upload: Record = upload, start: Barrier = start) -> None:
            start.wait()
            erase(store, upload)

        with ThreadPoolExecutor(5) as threads:
            going = threads.submit(go)
            came = [record for record in threads.map(come, range(4)) if record]
            going.result()
        there = [record for record in came if store.get(record.id)]
        assert_gone(store, upload, *(record for record in came if record not in there))
        assert store.picture(str(upload.sha256)) == (PICTURE if there else None)
        if there:
            erase(store, there[0])
            assert store.picture(str(upload.sha256)) is None


def test_a_copy_carries_erasures_over_and_brings_nothing_back(store: Store, tmp_path: Path) -> None:
    backup = SqliteStore(tmp_path / "backup.sqlite")
    gone, stays = (store.add(record_of(picture, key=f"{picture!r}"), picture) for picture in (PICTURE, b"stays"))
    label = store.add(record_of(PICTURE, source="hand", label_of=gone.id))
    assert copy(store, backup).wrong == []
    erased = erase(store, gone, by="ann")
    restored = copy(backup, store)
    assert (restored.wrong, restored.records, sorted(restored.erased)) == ([], 1, sorted([gone.id, label.id]))
    assert store.page() == [stays]
    assert copy(store, backup).wrong == []
    assert_gone(backup, gone, label)
    assert (backup.page(), list(backup.erasures())) == ([stays], [erased])
    with pytest.raises(Gone):
        backup.add(record_of(PICTURE, key=gone.key), PICTURE)
    backup.close()


def test_an_erased_picture_is_nowhere_in_the_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "kept.sqlite")
    picture = PICTURE * 5000
    upload = store.add(record_of(picture, image_name="a name that tells", key="k"), picture)
    store.add(record_of(b"other"), b"other")
    store.add(record_of(picture, source="hand", number="40720935", label_of=upload.id, image_name="a name that tells"))
    assert PICTURE in (tmp_path / "kept.sqlite-wal").read_bytes()
    erase(store, upload)
    for file in tmp_path.iterdir():
        for secret in (PICTURE, b"a name that tells", b"40720935", str(upload.sha256).encode()):
            assert secret not in file.read_bytes(), (file, secret)
    store.close()
