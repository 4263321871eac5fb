"""Thumbnails: kept, bounded, forgotten without a trace, and never a reason to fail."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mnist_predict.errors import StoreUnavailable
from mnist_predict.store.ids import new_id
from mnist_predict.store.thumbnails import Thumbnails

A, B, C, D = (new_id() for _ in range(4))


def test_a_thumbnail_is_kept_for_each_page(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path / "new folder" / "t.sqlite")
    assert kept.get(A, 0) is None
    for record, page in ((A, 0), (A, 1), (B, 0)):
        kept.put(record, page, f"jpeg of {record} {page}".encode())
    kept.close()
    again = Thumbnails(kept.path)
    assert again.get(A, 1) == f"jpeg of {A} 1".encode()
    assert again.get(B, 1) is None


def test_the_oldest_give_way(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path / "t.sqlite", most=3)
    for record in (A, B, C, D, C):
        kept.put(record, 0, b"jpeg")
    assert [kept.get(record, 0) for record in (A, B, C, D)] == [None, b"jpeg", b"jpeg", b"jpeg"]


def test_what_was_dropped_has_left_no_trace(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path / "t.sqlite")
    kept.drop([A])
    assert not kept.path.exists()
    for record, page, jpeg in ((A, 0, b"jpeg of a0"), (A, 1, b"jpeg of a1"), (B, 0, b"jpeg of b0")):
        kept.put(record, page, jpeg)
    kept.drop([C, A])
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"jpeg of b0" in files
    assert b"jpeg of a" not in files
    assert (kept.get(A, 0), kept.get(A, 1), kept.get(B, 0)) == (None, None, b"jpeg of b0")


def test_several_workers_share_them(tmp_path: Path) -> None:
    workers = [Thumbnails(tmp_path / "t.sqlite") for _ in range(4)]
    records = [new_id() for _ in range(10)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda i: workers[i % 4].put(records[i % 10], 0, b"jpeg %d" % (i % 10)), range(200)))
    assert [workers[0].get(record, 0) for record in records] == [b"jpeg %d" % i for i in range(10)]


def test_a_file_that_cannot_be_used_is_no_reason_to_show_nothing(tmp_path: Path) -> None:
    (tmp_path / "t.sqlite").write_bytes(b"no database, but long enough to be looked at" * 100)
    kept = Thumbnails(tmp_path / "t.sqlite")
    kept.put(A, 0, b"jpeg")
    assert kept.get(A, 0) is None
    with pytest.raises(StoreUnavailable, match=r"t\.sqlite cannot be changed"):
        kept.drop([A])
