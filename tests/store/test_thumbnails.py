"""Thumbnails: made once, bounded, forgotten without a trace, and never a reason to fail."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mnist_predict.errors import StoreUnavailable
from mnist_predict.store.thumbnails import Thumbnails

Make = Callable[[str], Callable[[], bytes]]


@pytest.fixture
def made() -> list[str]:
    return []


@pytest.fixture
def make(made: list[str]) -> Make:
    """Makes the thumbnail of a name, and tells that it did."""
    return lambda name: lambda: made.append(name) or f"jpeg of {name}".encode()


def test_a_thumbnail_is_made_once_for_each_page(tmp_path: Path, make: Make, made: list[str]) -> None:
    kept = Thumbnails(tmp_path / "new folder" / "t.sqlite")
    for _ in range(2):
        assert kept.get("a", 0, make("a0")) == b"jpeg of a0"
        assert kept.get("a", 1, make("a1")) == b"jpeg of a1"
        assert kept.get("b", 0, make("b0")) == b"jpeg of b0"
    kept.close()
    assert Thumbnails(kept.path).get("a", 0, make("again")) == b"jpeg of a0"
    assert made == ["a0", "a1", "b0"]


def test_the_oldest_give_way(tmp_path: Path, make: Make, made: list[str]) -> None:
    kept = Thumbnails(tmp_path / "t.sqlite", most=3)
    for name in "abcdcba":
        kept.get(name, 0, make(name))
    assert made == ["a", "b", "c", "d", "a"]


def test_what_was_dropped_has_left_no_trace(tmp_path: Path, make: Make, made: list[str]) -> None:
    kept = Thumbnails(tmp_path / "t.sqlite")
    kept.drop("a")
    assert not kept.path.exists()
    for name, page in (("a", 0), ("a", 1), ("b", 0)):
        kept.get(name, page, make(f"{name}{page}"))
    kept.drop("a")
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"jpeg of b0" in files
    assert b"jpeg of a" not in files
    kept.get("b", 0, make("b0"))
    kept.get("a", 0, make("a0"))
    assert made == ["a0", "a1", "b0", "a0"]


def test_several_workers_share_them(tmp_path: Path, make: Make, made: list[str]) -> None:
    workers = [Thumbnails(tmp_path / "t.sqlite") for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda i: workers[i % 4].get(str(i % 10), 0, make(str(i % 10))), range(200)))
    assert found == [f"jpeg of {i % 10}".encode() for i in range(200)]
    assert len(made) < 200
    many = len(made)
    for i in range(10):
        workers[0].get(str(i), 0, make("again"))
    assert len(made) == many


def test_a_file_that_cannot_be_used_is_no_reason_to_show_nothing(tmp_path: Path, make: Make, made: list[str]) -> None:
    (tmp_path / "t.sqlite").write_bytes(b"no database, but long enough to be looked at" * 100)
    kept = Thumbnails(tmp_path / "t.sqlite")
    assert [kept.get("a", 0, make("a")) for _ in range(2)] == [b"jpeg of a"] * 2
    assert made == ["a", "a"]
    with pytest.raises(StoreUnavailable, match=r"t\.sqlite cannot be changed"):
        kept.drop("a")
