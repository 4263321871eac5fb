"""A store that acknowledges before it syncs: what it may lose stays in the spool too, until it surely has it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from uuid import UUID

import pytest
from flaky_store import FlakyStore
from store_examples import label_of, record_of, until

from mnist_predict.errors import Gone, StoreUnavailable
from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.store.durability import Durability
from mnist_predict.store.ids import new_id
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.spool import failover, unsynced
from mnist_predict.store.spool.failover import SpooledStore
from mnist_predict.store.spool.spool import Spool
from mnist_predict.store.tools.copy import everything

PICTURE = b"a picture like no other"
FOREVER, SOON = 1000.0, 0.0  # seconds until what is acknowledged is synced

Open = Callable[..., SpooledStore]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PROBE", "SLOWEST_PROBE", "IDLE", "STUCK"):
        monkeypatch.setattr(failover, name, 0.02)
    monkeypatch.setattr(unsynced, "SLACK", 0.1)


@pytest.fixture
def open_all(tmp_path: Path) -> Iterator[Open]:
    """Opens a store that syncs every so many seconds, and the spool of a service, as each worker process does."""
    opened: list[SpooledStore] = []

    def open_one(sync_period: float = FOREVER, service: str = "spool", megabytes: int = 100) -> SpooledStore:
        store = FlakyStore(tmp_path / "kept.sqlite")
        store.sync_period = sync_period
        opened.append(SpooledStore(store, Spool(tmp_path / f"{service}.sqlite", megabytes)))
        until(lambda: store.checked)
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def spooled(open_all: Open) -> SpooledStore:
    return open_all()


def a_node_dies(*spooled: SpooledStore, lost: tuple[Record, ...] = (), bars: tuple[Record, ...] = ()) -> None:
    """And comes back without its last writes, so soon that nobody lost the session to it."""
    spooled[0].store.forget(lost, bars)
    for one in spooled:
        one.store.epoch += " next"


def kept(spooled: SpooledStore) -> list[Record]:
    """What the store itself has."""
    return list(everything(spooled.store))


def keeps(spooled: SpooledStore, record_id: UUID) -> bool:
    """Whether a copy is kept of a record that the store has acknowledged."""
    return spooled.spool.unsynced_record(record_id) is not None


def test_what_may_not_be_synced_is_kept_and_dropped_when_it_is(spooled: SpooledStore) -> None:
    upload = spooled.add(record_of(PICTURE, key="k"), PICTURE)
    label = spooled.add(label_of(upload, "7"))
    by_hand = spooled.add(record_of(None, source="hand", reading=None))
    assert (spooled.status().unsynced, spooled.waiting(), spooled.is_waiting(upload.id)) == (3, 0, False)
    assert (keeps(spooled, upload.id), keeps(spooled, new_id())) == (True, False)
    assert spooled.page() == [by_hand, label, upload]
    assert (spooled.count(), list(spooled.pictures()), spooled.labels(upload.id)) == (3, [upload.sha256], [label])
    spooled.store.sync_period = SOON
    until(lambda: not spooled.status().unsynced)
    assert kept(spooled) == [by_hand, label, upload]
    assert spooled.spool.bytes_used() < 300_000


def test_nothing_is_dropped_before_its_time(open_all: Open) -> None:
    spooled = open_all(sync_period=0.2)
    began = time.monotonic()
    spooled.add(record_of(PICTURE), PICTURE)
    until(lambda: not spooled.status().unsynced)
    assert time.monotonic() - began >= unsynced.patience(Durability(0.2, "")) == pytest.approx(0.5)


def test_what_a_node_has_lost_is_written_again(spooled: SpooledStore) -> None:
    before = spooled.add(record_of(b"before", key="before"), b"before")
    upload = spooled.add(record_of(PICTURE, key="k"), PICTURE)
    label = spooled.add(label_of(upload, "7"))
    a_node_dies(spooled, lost=(upload, label))
    until(lambda: kept(spooled) == [label, upload, before] and not spooled.waiting())
    assert spooled.store.picture(str(upload.sha256)) == PICTURE
    assert spooled.add(record_of(PICTURE, key="k"), PICTURE) == upload
    assert spooled.store.labels(upload.id) == [label]


def test_what_a_node_has_just_lost_can_be_had(spooled: SpooledStore) -> None:
    upload = spooled.add(record_of(PICTURE), PICTURE)
    spooled.store.forget((upload,))
    assert (spooled.get(upload.id), spooled.picture(str(upload.sha256))) == (upload, PICTURE)
    assert (spooled.get(new_id()), spooled.picture("other")) == (None, None)
    FlakyStore(spooled.store.path).erase(Erasure(new_id(), (upload.id,)))  # by another service
    assert spooled.get(upload.id) is None


def test_what_was_written_again_is_kept_as_long_again(spooled: SpooledStore) -> None:
    upload = spooled.add(record_of(PICTURE, key="k"), PICTURE)
    for _ in range(3):
        a_node_dies(spooled, lost=(upload,))
        until(lambda: kept(spooled) == [upload] and spooled.status().unsynced == 1)
        assert spooled.store.picture(str(upload.sha256)) == PICTURE


def test_what_is_there_is_written_again_too_with_its_picture(spooled: SpooledStore) -> None:
    """It may be there by one copy alone, which no quorum need find."""
    upload = spooled.add(record_of(PICTURE), PICTURE)
    wrote: list[dict[str, bytes]] = []
    add_all = spooled.store.add_all
    spooled.store.add_all = lambda records, pictures: (wrote.append(dict(pictures)), add_all(records, pictures))
    a_node_dies(spooled)
    until(lambda: {upload.sha256: PICTURE} in wrote)


def test_when_the_link_was_lost_it_is_written_again(spooled: SpooledStore) -> None:
    upload = spooled.add(record_of(PICTURE), PICTURE)
    spooled.store.cut = True
    with pytest.raises(StoreUnavailable):
        spooled.get(new_id())
    until(lambda: spooled.waiting())
    assert (spooled.get(upload.id), spooled.picture(str(upload.sha256)), spooled.page()) == (upload, PICTURE, [upload])
    spooled.store.forget((upload,))
    spooled.store.cut = False
    until(lambda: not spooled.waiting())
    assert (kept(spooled), spooled.status().unsynced) == ([upload], 1)


def test_a_retry_while_the_store_is_away_finds_what_it_has_taken(spooled: SpooledStore) -> None:
    upload = spooled.add(record_of(PICTURE, key="k"), PICTURE)
    spooled.store.cut = True
    assert spooled.add(record_of(PICTURE, key="k"), PICTURE) == upload
    assert spooled.add(record_of(b"other", key="other"), b"other")
    spooled.store.cut = False
    until(lambda: not spooled.waiting())
    assert len(kept(spooled)) == 2


def test_a_retry_that_comes_before_what_was_lost_is_back_is_the_same_upload(spooled: SpooledStore) -> None:
    first = spooled.add(record_of(PICTURE, key="k"), PICTURE)
    spooled.store.forget((first,))  # the node is back already, and nobody has looked
    second = spooled.add(record_of(PICTURE, key="k"), PICTURE)
    assert first.id != second.id
    a_node_dies(spooled)
    until(lambda: spooled.store.get(first.id) == second)
    assert kept(spooled) == [second]


def test_a_retry_that_waits_and_what_it_repeats_become_one(spooled: SpooledStore) -> None:
    """Answered by the store, in a worker that hears of it only after another has put the retry into the spool."""
    second = spooled.spool.add(record_of(PICTURE, key="k"), PICTURE)
    first = record_of(PICTURE, key="k")
    spooled.spool.keep_unsynced(first, PICTURE, "an old epoch")
    until(lambda: spooled.store.get(first.id) and not spooled.waiting())
    assert kept(spooled) == [second]
    assert spooled.get(first.id) == spooled.get(second.id) == second


def test_a_service_that_was_killed_goes_on_with_what_it_kept(open_all: Open, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.sqlite", 100)
    store = FlakyStore(tmp_path / "kept.sqlite")
    synced, lost = (store.add(record_of(b"%d" % i, key=f"{i}"), b"%d" % i) for i in range(2))
    spool.keep_unsynced(synced, b"0", "first")
    spool.keep_unsynced(lost, b"1", "before")
    spool.close()
    store.forget((lost,))
    spooled = open_all()
    until(lambda: kept(spooled) == [lost, synced])
    assert spooled.store.picture(str(lost.sha256)) == b"1"
    spooled.store.sync_period = SOON
    until(lambda: not spooled.status().unsynced)


def test_where_the_clock_began_anew_it_waits_longer(spooled: SpooledStore, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: clock() + 1_000_000)  # up for twelve days, then started anew
    record = record_of(PICTURE)
    spooled.spool.keep_unsynced(record, PICTURE, "first")
    monkeypatch.undo()
    assert keeps(spooled, record.id)
    spooled.spool.settle(Durability(SOON, "first"), time.monotonic())
    spooled.spool.settle(Durability(SOON, "first"), time.monotonic())
    assert keeps(spooled, record.id)
    time.sleep(1.1)
    spooled.spool.settle(Durability(SOON, "first"), time.monotonic())
    assert not keeps(spooled, record.id)


def test_while_nobody_knows_how_the_nodes_are_nothing_is_dropped(open_all: Open) -> None:
    spooled = open_all(sync_period=0.01)
    spooled.store.epoch = ""
    upload = spooled.add(record_of(PICTURE), PICTURE)
    time.sleep(0.3)
    assert spooled.status().unsynced == 1
    spooled.store.forget((upload,))
    spooled.store.epoch = "known"
    until(lambda: kept(spooled) == [upload])
    until(lambda: not spooled.status().unsynced)


def test_while_nodes_come_and_go_nothing_is_moved_as_it_would_be_moved_again(
    open_all: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooled, epochs = open_all(), cycle(["", "", "first", "second"])
    monkeypatch.setattr(spooled.store, "durability", lambda look=False: Durability(FOREVER, next(epochs)))
    upload = spooled.spool.add(record_of(PICTURE), PICTURE)
    time.sleep(0.3)
    assert (kept(spooled), spooled.waiting()) == ([], 1)
    monkeypatch.undo()
    until(lambda: not spooled.waiting())
    assert kept(spooled) == [upload]


def test_workers_and_services_each_look_after_what_they_have_answered(open_all: Open) -> None:
    worker, other_worker, other_service = open_all(), open_all(), open_all(service="other")
    uploads = [one.add(record_of(b"%d" % i), b"%d" % i) for i, one in enumerate((worker, other_worker, other_service))]
    assert [one.status().unsynced for one in (worker, other_worker, other_service)] == [2, 2, 1]
    worker.store.forget(uploads)
    for one in (worker, other_worker, other_service):
        one.store.epoch = "next"
    until(lambda: kept(worker) == uploads[::-1])
    assert [worker.store.picture(str(upload.sha256)) for upload in uploads] == [b"0", b"1", b"2"]


def test_what_is_erased_is_not_kept_and_stays_erased(spooled: SpooledStore) -> None:
    service = Service(None, spooled, Settings(data=str(spooled.spool.path.parent)))  # type: ignore[arg-type]
    upload = spooled.add(record_of(PICTURE, key="k"), PICTURE)
    label = spooled.add(label_of(upload, "7"))
    service.erase(str(upload.id))
    assert (keeps(spooled, upload.id), keeps(spooled, label.id)) == (False, False)
    assert PICTURE not in b"".join(path.read_bytes() for path in spooled.spool.path.parent.glob("spool.sqlite*"))
    spooled.store.forget((), bars=(upload, label))
    spooled.store.add(upload, PICTURE)  # so it is back
    spooled.store.epoch = "next"
    until(lambda: not kept(spooled) and not spooled.waiting())
    assert spooled.store.erased([upload.id, label.id]) == {upload.id, label.id}
    with pytest.raises(Gone):
        spooled.add(record_of(PICTURE, key="k"), PICTURE)
    spooled.store.sync_period = SOON
    until(lambda: not spooled.status().unsynced)
    assert [set(erasure.records) for erasure in spooled.store.erasures()] == [{upload.id, label.id}]


def test_an_erasure_of_an_unknown_epoch_is_done_again_once(spooled: SpooledStore) -> None:
    spooled.store.epoch = ""
    spooled.store.durability(look=True)  # nobody can tell how the nodes are
    upload = spooled.store.add(record_of(PICTURE), PICTURE)
    spooled.erase(Erasure(new_id(), (upload.id,)))
    assert spooled.waiting()
    spooled.store.epoch = "known"
    until(lambda: not spooled.waiting())
    spooled.store.sync_period = SOON
    until(lambda: not spooled.status().unsynced)


def test_what_another_service_brings_back_is_erased_again(open_all: Open) -> None:
    one, other = open_all(service="one"), open_all(service="other")
    upload = other.add(record_of(PICTURE), PICTURE)
    one.erase(Erasure(new_id(), (upload.id,)))
    one.store.forget((), bars=(upload,))
    other.store.epoch = "next"
    until(lambda: kept(one) == [upload])
    one.store.epoch = "next"
    until(lambda: kept(one) == [])


def test_without_room_to_keep_it_nothing_is_acknowledged(open_all: Open) -> None:
    spooled = open_all(sync_period=10, megabytes=1)

    def upload_until_it_is_full() -> None:
        for i in range(20):
            picture = b"%d" % i * 100_000
            spooled.add(record_of(picture), picture)

    with pytest.raises(StoreUnavailable, match=r"syncs to its disks only every 10 s, .* is full: 1 MB"):
        upload_until_it_is_full()
    assert spooled.away is None
    with pytest.raises(StoreUnavailable, match="is full"):
        spooled.check_writable()
    spooled.store.sync_period = SOON
    until(lambda: not spooled.status().unsynced)
    spooled.check_writable()


def test_what_was_erased_while_it_was_acknowledged_is_gone(spooled: SpooledStore) -> None:
    upload = record_of(PICTURE)
    spooled.spool.erase(Erasure(new_id(), (upload.id,)))
    with pytest.raises(Gone):
        spooled.spool.keep_unsynced(upload, PICTURE, "first")
    assert not spooled.status().unsynced


def test_a_store_that_syncs_first_leaves_nothing_in_a_spool(spooled: SpooledStore) -> None:
    """Nodes that were given `commitlog_sync: group` when they were started anew."""
    upload = spooled.add(record_of(PICTURE), PICTURE)
    a_node_dies(spooled, lost=(upload,))
    spooled.store.sync_period = 0.0
    until(lambda: kept(spooled) == [upload] and not spooled.waiting() and not spooled.status().unsynced)
    spooled.add(replace(upload, id=new_id()), PICTURE)
    assert spooled.status().unsynced == 0
