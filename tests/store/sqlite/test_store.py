"""What the SQLite store adds to the contract: full, read-only and damaged disks, for real; group commit."""

import multiprocessing
import resource
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from disks import fill, mount, mounted
from store_examples import label_of, plain_id, read_as, record_of, unsure, until

from mnist_predict.errors import BadRequest, KeyReused, StoreUnavailable, UserError
from mnist_predict.store.ids import new_id
from mnist_predict.store.migrations import missing
from mnist_predict.store.opening import open_store
from mnist_predict.store.record import Erasure
from mnist_predict.store.spool.spool import Spool
from mnist_predict.store.sqlite import connection as sqlite_file
from mnist_predict.store.sqlite import reserve
from mnist_predict.store.sqlite.group_commit import Writer
from mnist_predict.store.sqlite.store import SqliteStore, to_row

LARGE = b"x" * 4_000_000  # more than the small disk holds


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(path)
    yield opened
    opened.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk") as disk:
        yield disk


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin exclusive")
    try:
        yield
    finally:
        other.close()


def test_urls_name_files_below_this_folder_or_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    relative = open_store("sqlite:///some folder/a.sqlite")
    monkeypatch.chdir("/")
    record = relative.add(record_of())
    assert open_store(f"sqlite:///{tmp_path}/some folder/a.sqlite").get(record.id) == record
    assert (tmp_path / "some folder" / "a.sqlite").exists()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sqlite",
        "sqlite://",
        "sqlite:///",
        "sqlite://a.sqlite",
        "pg://me:secret@host/db",
        "a.sqlite",
    ],
)
def test_another_kind_of_url_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(BadRequest, match="Write sqlite:///folder") as refusal:
        open_store(url)
    assert "secret" not in str(refusal.value)


def test_a_full_disk_keeps_nothing_and_says_so_until_there_is_space(small_disk: Path) -> None:
    store = SqliteStore(small_disk / "kept.sqlite")
    kept = [store.add(record_of(b"before"), b"before")]
    ballast = fill(small_disk)
    with pytest.raises(StoreUnavailable, match="full"):
        store.add(record_of(LARGE), LARGE)
    with suppress(StoreUnavailable):
        for _ in range(1000):  # what was set aside before the disk filled may still take a few
            kept.append(store.add(record_of(reading=None)))
    with pytest.raises(StoreUnavailable, match="Free some space"):
        store.add(record_of())
    with pytest.raises(StoreUnavailable, match="Free some space"):
        store.check_writable()
    assert store.page(limit=1000) == kept[::-1]
    ballast.unlink()
    store.check_writable()
    kept.append(store.add(record_of(b"after"), b"after"))
    assert store.page(limit=1000) == kept[::-1]
    store.close()


def test_a_full_disk_keeps_room_to_erase(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reserve, "SIZE", 150_000)
    monkeypatch.setattr(reserve, "_SHARE", 2)
    store = SqliteStore(small_disk / "kept.sqlite")
    store.check_writable()
    kept = [store.add(record_of(picture), picture) for picture in (b"\x01" * 20_000, b"\x02" * 20_000)]
    store.close()  # which moves the log into the file
    store = SqliteStore(small_disk / "kept.sqlite")
    fill(small_disk)
    with pytest.raises(StoreUnavailable, match="Free some space"):
        store.add(record_of(LARGE), LARGE)
    for record in kept:
        store.erase(Erasure(new_id(), (record.id,)))
    assert store.page() == []
    store.close()


def test_a_read_only_disk_keeps_nothing_and_says_so_until_it_is_mended(small_disk: Path) -> None:
    store = SqliteStore(small_disk / "kept.sqlite")
    before = store.add(record_of(b"before"), b"before")
    store.close()
    store = SqliteStore(small_disk / "kept.sqlite")
    assert mount("-o", "remount,ro", small_disk)
    with pytest.raises(StoreUnavailable, match="writable"):
        store.add(record_of())
    with pytest.raises(StoreUnavailable, match="writable"):
        store.check_writable()
    assert mount("-o", "remount,rw", small_disk)
    store.check_writable()
    after = store.add(record_of(b"after"), b"after")
    assert store.page() == [after, before]
    store.close()


def test_a_store_that_is_opened_on_a_read_only_disk_is_well_when_that_is_mended(small_disk: Path) -> None:
    store = SqliteStore(small_disk / "kept.sqlite")
    before = store.add(record_of(b"before"), b"before")
    for name in ("-wal", "-shm"):  # as a process leaves them that is killed
        shutil.copy(f"{store.path}{name}", f"{store.path}{name}.left")
    store.close()
    for name in ("-wal", "-shm"):
        Path(f"{store.path}{name}.left").rename(f"{store.path}{name}")
    assert mount("-o", "remount,ro", small_disk)
    store = SqliteStore(small_disk / "kept.sqlite")
    for use in (store.page, lambda: store.add(record_of())):
        with pytest.raises(StoreUnavailable, match="writable"):
            use()
    assert mount("-o", "remount,rw", small_disk)
    after = store.add(record_of(b"after"), b"after")
    assert store.page() == [after, before]
    store.close()


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = SqliteStore(tmp_path / "file" / "kept.sqlite")
    for use in (lambda: store.add(record_of()), store.page):
        with pytest.raises(StoreUnavailable, match="File exists"):
            use()
    (tmp_path / "file").unlink()
    assert [store.add(record_of())] == store.page()
    store.close()


def test_a_file_too_large_for_its_disk_is_refused_and_smaller_ones_still_kept(store: SqliteStore) -> None:
    before = store.add(record_of())
    with files_no_larger_than(1_000_000):
        with pytest.raises(StoreUnavailable, match="Free some space"):
            store.add(record_of(LARGE), LARGE)
        small = store.add(record_of(b"small"), b"small")
    large = store.add(record_of(LARGE), LARGE)
    assert store.page() == [large, small, before]


def test_a_file_that_is_no_store_is_left_alone(path: Path, store: SqliteStore) -> None:
    path.write_bytes(b"Dear diary, " * 1000)
    for use in (lambda: store.add(record_of()), store.page, store.check_writable):
        with pytest.raises(StoreUnavailable, match="is not a store"):
            use()
    assert path.read_bytes() == b"Dear diary, " * 1000
    path.unlink()
    assert [store.add(record_of())] == store.page()


def test_a_damaged_file_says_so_until_a_backup_is_restored(path: Path, store: SqliteStore) -> None:
    kept = [store.add(record_of(reading=None)) for _ in range(300)][::-1]
    store.close()
    backup = path.read_bytes()
    store = SqliteStore(path)
    assert store.page(limit=1) == kept[:1]
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (len(backup) - 4096))
    for use in (lambda: store.page(limit=1000), store.page, lambda: store.add(record_of())):
        with pytest.raises(StoreUnavailable, match="is damaged"):
            use()
    path.unlink()
    path.write_bytes(backup)
    assert store.page(limit=1000) == kept
    store.close()


def test_a_file_that_is_removed_is_begun_anew(path: Path, store: SqliteStore) -> None:
    store.add(record_of())
    assert len(store.page()) == 1
    for file in path.parent.glob(path.name + "*"):
        file.unlink()
    assert store.page() == []
    for file in path.parent.glob(path.name + "*"):
        file.unlink()
    after = store.add(record_of())
    assert store.page() == [after]
    assert SqliteStore(path).page() == [after]


def test_a_log_that_is_removed_takes_nothing_with_it(path: Path, store: SqliteStore) -> None:
    kept = [store.add(record_of(b"before"), b"before")]
    assert store.page() == kept
    for picture in (b"during", b"after"):
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink()
        kept.insert(0, store.add(record_of(picture), picture))
        assert store.page() == kept
    copy = path.with_name("copy.sqlite")
    with sqlite3.connect(path) as other, sqlite3.connect(copy) as backup:
        other.backup(backup)
    assert SqliteStore(copy).page() == kept


def test_a_lock_that_lasts_is_an_error_and_a_short_one_is_not(
    path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(record_of())
    monkeypatch.setattr(sqlite_file, "PATIENCE", 0.2)
    with locked(path), pytest.raises(StoreUnavailable, match="locked by another program"):
        store.add(record_of())
    monkeypatch.setattr(sqlite_file, "PATIENCE", 30)
    with ThreadPoolExecutor(1) as thread:
        with locked(path):
            waiting = thread.submit(store.add, record_of())
            time.sleep(0.05)
            assert not waiting.done()
        waiting.result()
    assert len(store.page()) == 2


def test_a_newer_schema_is_refused(path: Path, store: SqliteStore) -> None:
    store.add(record_of())
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("insert into migration values (99, '0099_later.sql', '')")
    connection.close()
    later = SqliteStore(path)
    for use in (lambda: later.add(record_of()), later.page, later.check_writable):
        with pytest.raises(UserError, match="schema 99, made by a newer mnist-predict"):
            use()


def test_a_commit_is_on_the_disk_before_it_returns(path: Path) -> None:
    writer = Writer(path, lambda: None)
    assert writer.run(lambda c: c.execute("pragma synchronous").fetchone()) == (2,)  # FULL
    assert writer.run(lambda c: c.execute("pragma journal_mode").fetchone()) == ("wal",)
    writer.close()


def test_writes_that_wait_together_share_one_commit(path: Path) -> None:
    writer = Writer(path, lambda: None)
    statements: list[str] = []
    writer.run(lambda c: c.set_trace_callback(statements.append))
    with ThreadPoolExecutor(20) as threads:
        with locked(path):
            results = [threads.submit(writer.run, lambda c, i=i: i) for i in range(20)]
            until(lambda: writer.waiting() == 20)
        assert [future.result() for future in results] == list(range(20))
    assert statements.count("commit") == 2
    writer.close()


def test_one_write_that_cannot_be_kept_does_not_fail_its_group(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writers: list[Writer] = []

    def make_writer(path: Path, let_go: Callable[[], None]) -> Writer:
        writers.append(Writer(path, let_go))
        return writers[-1]

    monkeypatch.setattr("mnist_predict.store.sqlite.store.Writer", make_writer)
    store = SqliteStore(path)
    taken = store.add(record_of(key="taken"))
    with ThreadPoolExecutor(20) as threads, files_no_larger_than(1_000_000):
        with locked(path):
            small = [threads.submit(store.add, record_of(b"small"), b"small") for _ in range(6)]
            reused = threads.submit(store.add, record_of(b"small", key="taken"), b"small")
            large = threads.submit(store.add, record_of(LARGE), LARGE)
            unheard_of = threads.submit(store.add, record_of(image_name="\ud800"))  # half a character
            until(lambda: writers[0].waiting() == 9)
        with pytest.raises(KeyReused):
            reused.result()
        with pytest.raises(StoreUnavailable):
            large.result()
        with pytest.raises(UnicodeEncodeError):
            unheard_of.result()
        kept = {future.result().id for future in small}
    assert {record.id for record in store.page()} == kept | {taken.id}
    store.close()


def test_an_interrupted_leader_acknowledges_nothing(path: Path) -> None:
    writer = Writer(path, lambda: None)
    writer.run(lambda c: c.execute("create table t (x)"))

    def interrupt(_: sqlite3.Connection) -> None:
        raise KeyboardInterrupt

    with ThreadPoolExecutor(2) as threads:
        with locked(path):
            leader = threads.submit(writer.run, interrupt)
            until(lambda: writer.waiting() == 1)
            follower = threads.submit(writer.run, lambda c: c.execute("insert into t values (1)"))
            until(lambda: writer.waiting() == 2)
        with pytest.raises(KeyboardInterrupt):
            leader.result()
        with pytest.raises(StoreUnavailable, match="interrupted"):
            follower.result()
    assert writer.run(lambda c: c.execute("select count(*) from t").fetchone()) == (0,)
    writer.close()


def test_a_store_that_was_used_before_a_fork_is_opened_anew_after_it(path: Path, store: SqliteStore) -> None:
    before = store.add(record_of())
    assert store.page() == [before]
    child = multiprocessing.get_context("fork").Process(target=_add_one_more, args=(store,))
    child.start()
    child.join()
    assert child.exitcode == 0
    store.add(record_of())
    assert len(store.page()) == 3
    store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    connection.close()


def _add_one_more(store: SqliteStore) -> None:
    store.add(record_of())
    assert len(store.page()) == 2
    store.close()


def test_what_was_kept_before_there_was_a_review_waits_for_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(sqlite_file, "missing", lambda kind, applied: missing(kind, applied)[: 3 - applied])
        sqlite_file.connect(path).close()
    wait, labelled, sure = unsure("41"), unsure(), read_as("7", 0.99)
    merged = unsure()
    by_hand = record_of(id=plain_id(), source="hand", reading=None)
    records = [wait, labelled, sure, by_hand, merged, label_of(labelled), label_of(unsure())]
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("insert into merged values (?, ?)", (str(records[-1].label_of), str(merged.id)))
        rows = [to_row(record)[:9] for record in records]  # there was no `written` yet
        connection.executemany("insert into record values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.close()
    store = SqliteStore(path)
    assert store.unreviewed().ids == [wait.id]
    assert store.lease([wait.id], "me", 60, 1) == [wait]
    store.close()


def test_what_leaves_the_store_is_not_reviewed(path: Path) -> None:
    spool = Spool(path, 1)
    record = unsure()
    spool.add(record, b"picture")
    assert spool.unreviewed().ids == [record.id]
    spool.remove([record])
    assert spool.unreviewed().ids == []
    spool.close()
