"""A store that may be away: what it cannot take waits in the spool, is used from there, and moved when it is back."""

import logging
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flaky_store import FlakyStore
from store_examples import record_of, until

from mnist_predict.errors import Gone, KeyReused, StoreUnavailable
from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.store.file_lock import try_lock
from mnist_predict.store.ids import new_id
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.search import Found, Search, merge_results
from mnist_predict.store.spool import failover as spooled_module
from mnist_predict.store.spool.failover import SpooledStore
from mnist_predict.store.spool.replay import replay
from mnist_predict.store.spool.spool import Spool
from mnist_predict.store.spool.volume import in_container, is_ephemeral, on_volume
from mnist_predict.store.sqlite.store import SqliteStore
from mnist_predict.store.tools.copy import everything
from mnist_predict.store.tools.export import everything_found

PICTURE = b"picture"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PROBE", "SLOWEST_PROBE", "IDLE", "STUCK"):
        monkeypatch.setattr(spooled_module, name, 0.02)


@pytest.fixture
def open_all(tmp_path: Path) -> Iterator[Callable[[], SpooledStore]]:
    """Opens the store and its spool, as each worker process does."""
    opened: list[SpooledStore] = []

    def open_one(megabytes: int = 100) -> SpooledStore:
        store = FlakyStore(tmp_path / "kept.sqlite")
        opened.append(SpooledStore(store, Spool(tmp_path / "spool.sqlite", megabytes)))
        until(lambda: store.checked)  # the watcher's first look: what it saw then holds
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def spooled(open_all: Callable[[], SpooledStore]) -> SpooledStore:
    return open_all()


def cut(*spooled: SpooledStore) -> None:
    for one in spooled:
        one.store.cut = True


def mend(*spooled: SpooledStore, moved: bool = True) -> None:
    for one in spooled:
        one.store.cut = one.store.answers_lost = False
    until(lambda: all(one.away is None and not (moved and one.waiting()) for one in spooled))


@contextmanager
def nothing_moves(spooled: SpooledStore) -> Iterator[None]:
    """The store answers, and what waits in the spool stays there."""
    with ExitStack() as stack:
        until(lambda: stack.enter_context(try_lock(spooled.spool.path)))  # unless a watcher has it just now
        mend(spooled, moved=False)
        yield


def kept(spooled: SpooledStore) -> list[Record]:
    """What the store itself has."""
    return list(everything(spooled.store))


def test_while_the_store_answers_the_spool_is_not_touched(spooled: SpooledStore) -> None:
    record = spooled.add(record_of(PICTURE, key="k"), PICTURE)
    label = spooled.add(record_of(PICTURE, source="hand", label_of=record.id))
    spooled.check_writable()
    assert (spooled.get(record.id), spooled.newest("seven.png"), spooled.page()) == (record, record, [label, record])
    assert (spooled.labels(record.id), spooled.picture(record.sha256), spooled.count()) == ([label], PICTURE, 2)
    assert (list(spooled.pictures()), spooled.is_waiting(record.id)) == ([record.sha256], False)
    assert not spooled.spool.path.exists()


def test_what_the_store_cannot_take_waits_and_is_moved_when_it_is_back(spooled: SpooledStore) -> None:
    before = spooled.add(record_of(b"before"), b"before")
    cut(spooled)
    uploads = [spooled.add(record_of(b"%d" % i, key=f"{i}" if i % 2 else None), b"%d" % i) for i in range(7)]
    assert (spooled.waiting(), spooled.is_waiting(uploads[0].id), spooled.is_waiting(before.id)) == (7, True, False)
    mend(spooled)
    assert kept(spooled) == [*uploads[::-1], before]
    assert [spooled.store.picture(str(record.sha256)) for record in uploads] == [b"%d" % i for i in range(7)]
    assert not spooled.is_waiting(uploads[0].id)


def test_what_waits_can_be_used_by_every_worker(spooled: SpooledStore, open_all: Callable[[], SpooledStore]) -> None:
    other = open_all()
    cut(spooled, other)
    record = spooled.add(record_of(PICTURE), PICTURE)
    label = other.add(record_of(PICTURE, id=new_id(record.id), source="hand", label_of=record.id))
    for one in (spooled, other):
        assert (one.get(record.id), one.newest("seven.png"), one.page()) == (record, record, [label, record])
        assert (one.labels(record.id), one.picture(str(record.sha256))) == ([label], PICTURE)
        assert one.newest_labels([record.id]) == {record.id: label}
    mend(spooled, other)
    assert kept(other) == [label, record]
    assert other.store.labels(record.id) == [label]


def test_what_is_in_the_store_is_said_to_be_away(spooled: SpooledStore) -> None:
    record = spooled.add(record_of(PICTURE), PICTURE)
    cut(spooled)
    waits = spooled.add(record_of(b"waits", image_name="another.png"), b"waits")
    for ask in (
        lambda: spooled.get(record.id),
        lambda: spooled.newest("seven.png"),
        lambda: spooled.labels(record.id),
        lambda: spooled.newest_labels([record.id]),
        lambda: spooled.picture(str(record.sha256)),
        spooled.count,
        lambda: list(spooled.pictures()),
        lambda: list(spooled.merged()),
        lambda: spooled.merge(new_id(), record.id),
        lambda: spooled.add_all([record_of()], {}),
    ):
        with pytest.raises(StoreUnavailable, match=r"The store is away, .*The line is cut"):
            ask()
    assert spooled.page() == [waits]
    mend(spooled)
    assert spooled.page() == [waits, record]


def test_after_the_first_failure_nobody_waits_for_the_store(spooled: SpooledStore) -> None:
    cut(spooled)
    spooled.add(record_of(PICTURE), PICTURE)
    asked = spooled.store.asked
    for _ in range(20):
        record = spooled.add(record_of(PICTURE, key=f"{new_id()}"), PICTURE)
        assert spooled.get(record.id) == record
        spooled.page()
        spooled.check_writable()
    assert spooled.store.asked == asked


def test_a_write_whose_answer_was_lost_is_there_once(spooled: SpooledStore) -> None:
    spooled.store.answers_lost = True
    plain = spooled.add(record_of(PICTURE), PICTURE)
    assert spooled.is_waiting(plain.id)
    until(lambda: spooled.away is None)
    spooled.store.answers_lost = True
    keyed = spooled.add(record_of(PICTURE, key="k"), PICTURE)
    assert spooled.is_waiting(keyed.id)
    mend(spooled)
    assert kept(spooled) == [keyed, plain]


def test_retries_under_a_key_are_one_record_though_the_store_goes_and_comes(spooled: SpooledStore) -> None:
    cut(spooled)
    first = spooled.add(record_of(PICTURE, key="k"), PICTURE)
    assert spooled.add(record_of(PICTURE, key="k"), PICTURE) == first
    with pytest.raises(KeyReused):
        spooled.add(record_of(b"other", key="k"), b"other")
    with nothing_moves(spooled):
        assert spooled.add(record_of(PICTURE, key="k"), PICTURE) == first
    mend(spooled)
    assert spooled.add(record_of(PICTURE, key="k"), PICTURE) == first
    cut(spooled)
    again = spooled.add(record_of(PICTURE, key="k"), PICTURE)  # nobody can know of the first one now
    mend(spooled)
    assert kept(spooled) == [first]
    assert spooled.get(again.id) == first


def test_both_ids_of_an_upload_that_was_answered_twice_lead_to_it_and_to_its_labels(spooled: SpooledStore) -> None:
    service = Service(None, spooled, Settings(data=str(spooled.spool.path.parent)))  # type: ignore[arg-type]
    cut(spooled)
    second = spooled.add(record_of(PICTURE, key="k"), PICTURE)
    on_second = service.label(str(second.id), "2")
    spooled.store.cut = False
    first = SqliteStore(spooled.store.path).add(record_of(PICTURE, key="k"), PICTURE)  # by another service, meanwhile
    mend(spooled)
    assert [record for record in kept(spooled) if record.label_of is None] == [first]
    assert service.record(str(second.id)) == service.record(str(first.id)) == first
    on_first = service.label(str(second.id), "1")
    assert on_first.label_of == first.id
    assert spooled.labels(first.id) == [on_first, on_second]
    assert spooled.newest_labels([first.id]) == {first.id: on_first}
    assert list(spooled.merged()) == [(second.id, first.id)]


def test_a_key_that_is_of_another_upload_in_the_store_loses_nothing(spooled: SpooledStore) -> None:
    first = spooled.add(record_of(PICTURE, key="k"), PICTURE)
    cut(spooled)
    second = spooled.add(record_of(b"other", key="k"), b"other")
    mend(spooled)
    assert kept(spooled) == [replace(second, key=None), first]
    assert spooled.store.picture(str(second.sha256)) == b"other"


def test_a_label_is_newer_than_what_it_replaces_wherever_that_is(spooled: SpooledStore) -> None:
    service = Service(None, spooled, Settings(data=str(spooled.spool.path.parent)))  # type: ignore[arg-type]
    ahead = UUID(int=new_id().int + (300_000 << 80))  # another service's clock is five minutes ahead
    spooled.add(record_of(PICTURE, id=ahead), PICTURE)
    first = service.label(str(ahead), "1")
    cut(spooled)
    with pytest.raises(StoreUnavailable):
        service.label(str(ahead), "2")  # what it would replace cannot be seen
    with pytest.raises(StoreUnavailable):
        service.record_by_hand("seven.png", "2")  # nor whether there is a picture of that name
    far_ahead = UUID(int=ahead.int + (300_000 << 80))
    spooled.add(record_of(PICTURE, id=far_ahead), PICTURE)
    second, third = service.label(str(far_ahead), "3"), service.record_by_hand("seven.png", "4")
    assert ahead < first.id < far_ahead < second.id < third.id
    mend(spooled)
    fourth = service.label(str(far_ahead), "5")
    assert spooled.store.labels(far_ahead) == [fourth, third, second]


def test_a_page_has_each_record_once_while_they_move(spooled: SpooledStore) -> None:
    stored = [spooled.add(record_of(), None) for _ in range(5)]
    cut(spooled)
    waiting = [spooled.add(record_of(), None) for _ in range(5)]
    with nothing_moves(spooled):
        spooled.store.add_all(waiting[:3], {})  # on their way: in both places
        everyone = [*stored, *waiting][::-1]
        assert spooled.page() == everyone
        assert spooled.page(limit=4) == everyone[:4]
        assert spooled.page(before=everyone[3].id, limit=4) == everyone[3 + 1 : 8]
        assert spooled.get(waiting[0].id) == waiting[0]


def test_a_search_finds_each_record_once_while_they_move(spooled: SpooledStore) -> None:
    records = [record_of(image_name=name) for name in "abababab"]
    with nothing_moves(spooled):
        for record in records[::2]:
            spooled.store.add(record)
        for record in records[1:] + records[2:4]:
            spooled.spool.add(record)
        whole = Search(number="77")
        assert list(everything_found(spooled, whole)) == records[::-1]
        first = spooled.search(whole, limit=3)
        assert first == Found(records[:4:-1], records[5].id)
        assert spooled.search(whole, first.rest, limit=5) == Found(records[4::-1])
        assert spooled.search(Search(image_name="a")).records == records[-2::-2]
        cut(spooled)
        assert spooled.search(whole).records == records[:0:-1]
        assert spooled.away


def test_of_two_searches_only_what_both_have_looked_at_is_a_page() -> None:
    a, b, c, d = (record_of() for _ in range(4))
    assert merge_results(Found([d, b], b.id), Found([c, a], a.id), 4) == Found([d, c, b], b.id)
    assert merge_results(Found([d], None), Found([c, b], b.id), 2) == Found([d, c], c.id)
    assert merge_results(Found([], c.id), Found([d, b, a], None), 5) == Found([d], c.id)
    assert merge_results(Found([], None), Found([], None), 5) == Found([], None)


def test_the_newest_of_a_name_is_the_newest_of_both_places(spooled: SpooledStore) -> None:
    cut(spooled)
    waits = spooled.add(record_of(b"waits"), b"waits")
    with nothing_moves(spooled):
        assert spooled.newest("seven.png") == waits
        later = spooled.add(record_of(b"later"), b"later")
        assert spooled.newest("seven.png") == later


def test_a_full_spool_acknowledges_nothing_until_there_is_room(open_all: Callable[..., SpooledStore]) -> None:
    spooled = open_all(megabytes=1)
    cut(spooled)
    some = random.Random(0).randbytes
    uploads: list[tuple[Record, bytes]] = []

    def upload_until_it_is_full() -> None:
        while len(uploads) < 20:
            picture = some(100_000)
            uploads.append((spooled.add(record_of(picture, key=f"{len(uploads)}"), picture), picture))

    with pytest.raises(StoreUnavailable, match=r"The line is cut\. The spool .* is full: 1 MB wait .*_SPOOL_MB"):
        upload_until_it_is_full()
    assert 6 <= len(uploads) < 10
    assert spooled.spool.bytes_used() <= spooled.spool.limit
    assert spooled.waiting() == len(uploads)
    with pytest.raises(StoreUnavailable, match="is full"):
        spooled.check_writable()
    last, picture = uploads[-1]
    assert spooled.add(record_of(picture, key=last.key), picture) == last  # a retry needs no room
    mend(spooled)
    assert kept(spooled) == [record for record, _ in reversed(uploads)]
    assert {spooled.store.picture(str(record.sha256)) == picture for record, picture in uploads} == {True}
    spooled.check_writable()
    cut(spooled)
    spooled.add(record_of(picture), picture)


def test_a_replay_that_dies_anywhere_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_predict.store.spool.replay.BATCH", 3)
    died = 0
    for step in range(1, 1000):
        spool = Spool(tmp_path / f"{step}/spool.sqlite", 100)
        store = FlakyStore(tmp_path / f"{step}/kept.sqlite")
        first = store.add(record_of(b"0", key="0"), b"0")
        records = [spool.add(record_of(b"%d" % i, key=f"{i}" if i % 3 == 0 else None), b"%d" % i) for i in range(5)]
        store.asked, store.fails_at = 0, step
        try:
            replay(spool, store)
        except StoreUnavailable:
            died += 1
        else:
            break
        store.fails_at = None
        everywhere = {record.id for record in [*everything(spool), *everything(store)]} | dict(store.merged()).keys()
        assert {record.id for record in records} <= everywhere
        replay(spool, store)
        assert spool.waiting() == 0
        assert sorted(record.id for record in everything(store)) == sorted([first.id, *(r.id for r in records[1:])])
        assert store.get(records[0].id) == first
        assert [store.picture(str(r.sha256)) for r in records] == [b"%d" % i for i in range(5)]
        store.close()
        spool.close()
    assert died > 15


def test_only_one_process_replays(tmp_path: Path) -> None:
    spool, store = Spool(tmp_path / "spool.sqlite", 100), SqliteStore(tmp_path / "kept.sqlite")
    record = spool.add(record_of(PICTURE), PICTURE)
    with try_lock(spool.path) as mine:
        assert mine
        assert replay(spool, store) is None
    assert store.page() == []
    assert replay(spool, store) == 1
    assert replay(spool, store) == 0
    assert store.page() == [record]


def test_uploads_that_come_while_it_is_replayed_are_kept(open_all: Callable[[], SpooledStore]) -> None:
    workers = [open_all(), open_all()]
    stop = threading.Event()

    def go_and_come() -> None:
        while not stop.wait(0.05):
            for one in workers:
                one.store.cut = not one.store.cut

    def upload(i: int) -> list[UUID]:
        picture = b"%d" % i
        record = [workers[(i + k) % 2].add(record_of(picture, key=f"{i}"), picture) for k in range(2)]
        return [each.id for each in record]

    coming = threading.Thread(target=go_and_come)
    coming.start()
    with ThreadPoolExecutor(8) as threads:
        answered = list(threads.map(upload, range(400)))
    stop.set()
    coming.join()
    mend(*workers)
    records = kept(workers[0])
    assert sorted(int(str(record.key)) for record in records) == list(range(400))
    for i, ids in enumerate(answered):
        assert {getattr(workers[0].get(each), "key", None) for each in ids} == {f"{i}"}
        assert workers[0].store.picture(sha256(b"%d" % i).hexdigest()) == b"%d" % i


def test_a_picture_stays_while_one_that_waits_has_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.sqlite", 100)
    one, two = (spool.add(record_of(PICTURE), PICTURE) for _ in range(2))
    spool.remove([one])
    assert (spool.page(), spool.picture(str(two.sha256))) == ([two], PICTURE)
    spool.remove([two])
    assert (spool.page(), list(spool.pictures())) == ([], [])


def test_the_disk_gets_its_space_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_predict.store.spool.replay.SHRINK", 1_000_000)
    spool, store = Spool(tmp_path / "spool.sqlite", 100), SqliteStore(tmp_path / "kept.sqlite")
    for i in range(4):
        picture = bytes([i]) * 1_000_000
        spool.add(record_of(picture), picture)
    assert replay(spool, store) == 4
    assert sum(file.stat().st_size for file in tmp_path.glob("spool.sqlite*")) < 500_000
    assert [spool.add(record_of(PICTURE), PICTURE)] == spool.page()


def test_a_record_that_the_store_refuses_stays_and_holds_up_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool, store = Spool(tmp_path / "spool.sqlite", 100), SqliteStore(tmp_path / "kept.sqlite")
    stuck = record_of(b"one")
    store.add(record_of(b"another", id=stuck.id), b"another")  # as no two services ever make the same id
    spool.add(stuck, b"one")
    others = [spool.add(record_of(PICTURE), PICTURE) for _ in range(4)]
    assert replay(spool, store) == 4
    assert spool.page() == [stuck]
    assert set(others) <= set(store.page())
    assert f"record {stuck.id} differs" in caplog.text


def test_a_broken_spool_does_not_hinder_a_store_that_answers(
    spooled: SpooledStore, caplog: pytest.LogCaptureFixture
) -> None:
    spooled.spool.path.write_bytes(b"Dear diary, " * 1000)
    record = spooled.add(record_of(PICTURE, key="k"), PICTURE)
    assert (spooled.get(record.id), spooled.page()) == (record, [record])
    assert (spooled.waiting(), spooled.away) == (0, None)
    assert "The spool cannot be read" in caplog.text
    cut(spooled)
    with pytest.raises(StoreUnavailable, match=r"The line is cut\. .*is not a store"):
        spooled.add(record_of(PICTURE), PICTURE)
    with pytest.raises(StoreUnavailable, match="is not a store"):
        spooled.check_writable()


def test_the_log_says_when_the_store_goes_and_comes(spooled: SpooledStore, caplog: pytest.LogCaptureFixture) -> None:
    cut(spooled)
    for _ in range(3):
        spooled.add(record_of(PICTURE), PICTURE)
    assert [line.levelno for line in caplog.records] == [logging.WARNING]
    assert "The store is away. Uploads are kept in the spool" in caplog.text
    assert "The line is cut." in caplog.text
    caplog.clear()
    mend(spooled)
    assert "The store is back." in caplog.text
    until(lambda: "Moved 3 records from the spool to the store." in caplog.text)


def test_the_watcher_survives_what_nobody_thought_of(
    spooled: SpooledStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def bug(*_: Any) -> None:
        raise TypeError("unthought of")

    monkeypatch.setattr(spooled_module, "replay", bug)
    until(lambda: "unthought of" in caplog.text)
    monkeypatch.undo()
    cut(spooled)
    spooled.add(record_of(PICTURE), PICTURE)
    mend(spooled)


def test_what_waited_when_the_service_stopped_is_moved_by_the_next(
    spooled: SpooledStore, open_all: Callable[[], SpooledStore]
) -> None:
    cut(spooled)
    record = spooled.add(record_of(PICTURE), PICTURE)
    spooled.close()
    again = open_all()
    until(lambda: again.waiting() == 0)
    assert kept(again) == [record]


def erase(spooled: SpooledStore, record: Record) -> Erasure:
    return spooled.erase(Erasure(new_id(), tuple(each.id for each in spooled.erased_with(record))))


def test_nothing_is_erased_while_the_store_is_away(spooled: SpooledStore) -> None:
    cut(spooled)
    record = spooled.add(record_of(PICTURE), PICTURE)
    with pytest.raises(StoreUnavailable):
        erase(spooled, record)
    assert spooled.get(record.id) == record


def test_what_waits_is_erased_with_what_the_store_has_of_its_picture(spooled: SpooledStore) -> None:
    before = spooled.add(record_of(PICTURE, key="before"), PICTURE)
    cut(spooled)
    waits = spooled.add(record_of(PICTURE, key="waits"), PICTURE)
    label = spooled.add(record_of(PICTURE, source="hand", label_of=waits.id))
    other = spooled.add(record_of(b"other"), b"other")
    with nothing_moves(spooled):
        assert spooled.erased_with(before) == [label, waits, before]
        assert set(erase(spooled, before).records) == {before.id, waits.id, label.id}
        assert spooled.erased([before.id, waits.id, label.id, other.id]) == {before.id, waits.id, label.id}
        assert (spooled.page(), spooled.spool.picture(str(waits.sha256))) == ([other], None)
        for key in ("before", "waits"):
            with pytest.raises(Gone):
                spooled.add(record_of(PICTURE, key=key), PICTURE)
    mend(spooled)
    assert (kept(spooled), list(spooled.pictures())) == ([other], [other.sha256])


def test_what_a_spool_brings_late_is_dropped_where_it_was_erased(spooled: SpooledStore) -> None:
    upload = spooled.add(record_of(PICTURE, key="k"), PICTURE)
    cut(spooled)
    retry = spooled.add(record_of(PICTURE, key="k"), PICTURE)  # nobody can know of the first one now
    same = spooled.add(upload, PICTURE)
    label = spooled.add(record_of(source="hand", label_of=upload.id))
    erase(SpooledStore(SqliteStore(spooled.store.path), Spool(spooled.spool.path.with_name("none"), 1)), upload)
    mend(spooled)
    assert (kept(spooled), list(spooled.store.pictures())) == ([], [])
    assert spooled.erased([each.id for each in (upload, retry, same)]) == {upload.id, retry.id}
    assert spooled.get(label.id) is None


MOUNTS = """\
21 1 0:20 / / rw,relatime - overlay overlay rw,lowerdir=/a
22 21 0:21 / /proc rw,nosuid - proc proc rw
30 21 8:1 /volumes/x /data rw,relatime - ext4 /dev/sda1 rw
31 21 0:30 / /scratch rw - tmpfs none rw
32 21 8:1 /y /with\\040space rw shared:1 - xfs /dev/sda1 rw
"""


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        *(("/data", True), ("/data/below/it", True), ("/with space/x", True)),
        *(("/", False), ("/srv/instance", False), ("/database", False), ("/scratch/x", False)),
    ],
)
def test_a_folder_on_a_volume_is_told_from_one_that_goes_with_the_container(folder: str, expected: bool) -> None:
    assert on_volume(Path(folder), MOUNTS) is expected


def test_outside_a_container_nothing_goes_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("mnist_predict.store.spool.volume._MARKS", (tmp_path / "mark",))
    monkeypatch.delenv("container", raising=False)
    assert not is_ephemeral(Path("/"))
    (tmp_path / "mark").touch()
    assert in_container()
    (tmp_path / "mark").unlink()
    monkeypatch.setenv("container", "oci")
    assert in_container()
