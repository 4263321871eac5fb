"""Counting: everything once, a bit with each request, the rest behind."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from disks import fill, mount, mounted
from flaky_store import FlakyStore
from stats_examples import NOON, label, upload

from mnist_predict.errors import StoreUnavailable
from mnist_predict.stats import counting
from mnist_predict.stats.counting import Progress, Statistics, open_statistics
from mnist_predict.stats.kept import Kept
from mnist_predict.stats.tally import Counts, Mistake, Tally, add
from mnist_predict.store.file_lock import try_lock
from mnist_predict.store.ids import first_id, new_id
from mnist_predict.store.record import Record
from mnist_predict.store.spool.failover import SpooledStore
from mnist_predict.store.spool.spool import Spool
from mnist_predict.store.sqlite.store import SqliteStore

SINCE = NOON.date() - timedelta(days=60)


class Paged(SqliteStore):
    """A store that remembers how many records were asked for."""

    asked = 0

    def page(self, before: object = None, limit: int = 50) -> list[Record]:
        """See `Store.page`."""
        self.asked += limit
        return super().page(before, limit)  # type: ignore[arg-type]


def away(folder: Path) -> FlakyStore:
    """A store that does not answer."""
    store = FlakyStore(folder / "away.sqlite")
    store.cut = True
    return store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Paged]:
    opened = Paged(tmp_path / "kept.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def statistics(store: Paged, tmp_path: Path) -> Statistics:
    return open_statistics(store, str(tmp_path), "here")


def whole(statistics: Statistics, since: date = SINCE) -> Counts:
    counts: Counts = {}
    for day in statistics.days(since)[0].values():
        add(counts, day)
    return counts


def until_complete(statistics: Statistics, since: date = SINCE) -> None:
    give_up = time.monotonic() + 30
    while not statistics.days(since)[1].complete:
        assert time.monotonic() < give_up, "it was not counted"
        time.sleep(0.02)


def test_an_empty_store_is_counted_at_once(statistics: Statistics) -> None:
    days, progress = statistics.days(SINCE)
    assert days == {}
    assert progress.complete


def test_every_record_is_counted_once_however_often_one_asks(statistics: Statistics, store: Paged) -> None:
    store.add_all([upload("7", NOON + timedelta(hours=n)) for n in range(300)], {})
    until_complete(statistics)
    before = store.asked
    for _ in range(3):
        days, progress = statistics.days(SINCE)
        assert sum(counts["readings"] for counts in days.values()) == 300
        assert progress.complete
    assert len(days) >= 12
    assert store.asked - before <= 3 * 2 * counting.FIRST_PAGE  # what was counted is not read again


def test_what_has_just_come_is_counted_but_not_kept(statistics: Statistics, store: Paged) -> None:
    read = upload("7", datetime.now(UTC))
    store.add(read)
    assert whole(statistics)["readings"] == 1
    store.add(label(read, "1", timedelta()))
    assert whole(statistics)["read 7 is 1"] == 1
    assert statistics.kept.days(SINCE)[0] == {}


def test_more_than_can_be_counted_for_each_page_waits_a_minute(
    statistics: Statistics, store: Paged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "LIVE", 100)
    store.add_all([upload("7", datetime.now(UTC)) for _ in range(200)], {})
    days, progress = statistics.days(SINCE)
    assert days == {}
    assert progress.complete
    assert progress.until is not None
    assert progress.until < datetime.now(UTC) - timedelta(seconds=50)


def test_a_label_that_comes_later_counts_for_the_day_of_its_record(statistics: Statistics, store: Paged) -> None:
    read = upload("7")
    store.add(read)
    assert "labels" not in whole(statistics)
    store.add_all([label(read, "1", timedelta(days=2))], {})
    statistics.kept.forget_due(NOON + timedelta(days=9))  # nothing is due: the day was counted long after its end
    statistics.kept.clear()
    days, _ = statistics.days(SINCE)
    assert days[NOON.date()]["read 7 is 1"] == 1
    assert [each.record for each in statistics.mistakes(7, 1, SINCE, 3)] == [read.id]
    assert statistics.mistakes(7, 1, NOON.date() + timedelta(days=1), 3) == []
    assert statistics.mistakes(1, 7, SINCE, 3) == []


def test_a_record_that_came_late_is_found_when_its_day_is_counted_again(statistics: Statistics, store: Paged) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    store.add_all([upload("7", yesterday), upload("7", yesterday - timedelta(days=1))], {})
    assert whole(statistics)["readings"] == 2
    store.add(upload("40", yesterday))
    assert whole(statistics)["readings"] == 2
    assert not statistics.kept.forget_due(yesterday)
    assert statistics.kept.forget_due(yesterday + timedelta(days=3))
    assert whole(statistics)["readings"] == 3


def test_a_day_is_counted_again_a_day_and_a_week_after_it(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "statistics.sqlite", "here")
    counted = Tally({(NOON.date(), NOON.date()): {"readings": 1}}, {})
    ids = str(first_id(NOON)), str(first_id(NOON + timedelta(hours=1)))
    due = []
    for hours in range(24 * 10):
        now = NOON + timedelta(hours=hours)
        if hours == 0 or kept.forget_due(now):
            assert kept.spans() == []
            kept.keep(ids, counted, None, now)
            due.append(hours)
    assert due == [0, 12 + 24, 12 + 7 * 24]


def test_another_store_in_the_place_of_the_first_is_counted_anew(
    statistics: Statistics, store: Paged, tmp_path: Path
) -> None:
    store.add(upload("7"))
    assert whole(statistics)["readings"] == 1
    other = SqliteStore(tmp_path / "other.sqlite")
    other.add_all([upload("1"), upload("12")], {})
    for place in ("here", "there"):
        assert whole(open_statistics(other, str(tmp_path), place))["readings"] == 2
    other.close()


def test_only_the_days_that_are_asked_for_are_counted(statistics: Statistics, store: Paged) -> None:
    store.add_all([upload("7", NOON), upload("7", NOON - timedelta(days=9))], {})
    assert whole(statistics, NOON.date())["readings"] == 1
    assert sum(day["readings"] for day in statistics.kept.days(SINCE)[0].values()) == 1
    assert whole(statistics)["readings"] == 2


def test_an_old_store_is_counted_bit_by_bit_and_the_rest_behind(
    statistics: Statistics, store: Paged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "LARGEST_PAGE", 50)
    monkeypatch.setattr(counting, "PATIENCE", 0)
    monkeypatch.setattr(counting, "TURN", 0.01)
    store.add_all([upload("7", NOON - timedelta(hours=n)) for n in range(400)], {})
    days, progress = statistics.days(SINCE)
    assert sum(counts["readings"] for counts in days.values()) == 50
    assert not progress.complete
    assert 0 < progress.done < progress.days
    in_all = (datetime.now(UTC) - NOON + timedelta(hours=399)) / timedelta(days=1)
    assert in_all <= progress.days <= in_all + 2  # days of the calendar, and not those before the first record
    monkeypatch.undo()
    until_complete(statistics)
    assert whole(statistics)["readings"] == 400


def test_progress_tells_how_many_days_are_counted(
    statistics: Statistics, store: Paged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Statistics, "_go_on", lambda *_: None)
    store.add_all([upload("7", NOON - timedelta(days=n)) for n in range(30)], {})
    statistics.days(NOON.date() - timedelta(days=9))  # counts the newest days
    monkeypatch.setattr(counting, "PATIENCE", 0)
    _, progress = statistics.days(SINCE)
    assert progress.days == (datetime.now(UTC).date() - NOON.date()).days + 30
    assert progress.days - progress.done in (20, 21)  # today's has begun to be lacking again


def test_who_finds_another_counting_shows_what_is_counted(statistics: Statistics, store: Paged) -> None:
    store.add(upload("7"))
    assert whole(statistics)["readings"] == 1
    store.add(upload("7", datetime.now(UTC)))
    statistics.kept.clear()
    with try_lock(statistics.kept.path):
        days, progress = statistics.days(SINCE)
    assert (days, progress.complete) == ({}, False)
    until_complete(statistics)
    assert whole(statistics)["readings"] == 2


def test_while_the_store_is_away_what_waits_in_the_spool_is_not_taken_for_all(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.sqlite", 10)
    store = SpooledStore(away(tmp_path), spool)
    spool.add(upload("7"))
    statistics = open_statistics(store, str(tmp_path), "there")
    assert statistics.days(SINCE) == ({}, Progress(None))
    assert statistics.kept.spans() == []
    assert statistics.mistakes(7, 1, SINCE, 3) == []
    store.close()


def test_what_was_counted_before_is_shown_while_the_store_is_away(
    statistics: Statistics, store: Paged, tmp_path: Path
) -> None:
    read = upload("7")
    store.add_all([read, label(read, "1")], {})
    assert whole(statistics)["readings"] == 1
    days, progress = open_statistics(away(tmp_path), str(tmp_path), "here").days(SINCE)
    assert days[NOON.date()]["readings"] == 1
    assert (progress.complete, progress.days) == (False, 0)


def test_digits_of_records_that_are_gone_are_no_examples(
    statistics: Statistics, store: Paged, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = upload("7")
    store.add_all([read, label(read, "1")], {})
    whole(statistics)
    assert len(statistics.mistakes(7, 1, SINCE, 3)) == 1
    monkeypatch.setattr(store, "get", lambda _: None)
    assert statistics.mistakes(7, 1, SINCE, 3) == []


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b"no database" * 99), lambda path: path.mkdir()])
def test_a_file_that_cannot_be_used_is_named_and_can_be_removed(
    statistics: Statistics, store: Paged, spoil: Callable[[Path], object]
) -> None:
    store.add(upload("7"))
    path = statistics.kept.path
    spoil(path)
    with pytest.raises(StoreUnavailable, match="Remove that file"):
        statistics.days(SINCE)
    path.rmdir() if path.is_dir() else path.unlink()
    assert whole(statistics)["readings"] == 1


def test_on_a_full_or_read_only_disk_it_is_the_disk_that_is_to_be_mended(store: Paged, tmp_path: Path) -> None:
    store.add(upload("7"))
    with mounted(tmp_path / "disk") as disk:
        statistics = open_statistics(store, str(disk), "here")
        assert whole(statistics)["readings"] == 1
        ballast = fill(disk)
        many = [Mistake(new_id(), 0, 1, 7) for _ in range(9999)]
        with pytest.raises(StoreUnavailable, match=r"on a disk with free space\.$"):
            statistics.kept.keep_mistakes({each.record: [each] for each in many})
        ballast.unlink()
        assert mount("-o", "remount,ro", disk)
        assert whole(statistics)["readings"] == 1  # what was counted before
        assert mount("-o", "remount,rw", disk)
        until_complete(statistics)


def test_which_digits_of_a_record_are_wrong_is_forgotten_with_it(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "statistics.sqlite", "a store")
    one, other = (Mistake(new_id(), 0, 7, 1) for _ in range(2))
    kept.forget([one.record])
    assert not kept.path.exists()
    kept.keep_mistakes({each.record: [each] for each in (one, other)})
    kept.forget([one.record])
    assert kept.mistakes(7, 1, date(2000, 1, 1), 9) == [other]
