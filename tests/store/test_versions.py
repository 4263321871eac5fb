"""Model versions and their aliases, in every store."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from mnist_predict.store.ids import new_id
from mnist_predict.store.opening import open_store
from mnist_predict.store.protocol import Store
from mnist_predict.store.versions.copying import copy_versions
from mnist_predict.store.versions.kept import Assignment, KeptVersion

ABOUT = {"learned": {"pictures": 213}, "gate": {"passed": True, "word": "naïve ✓"}}
LARGE = bytes(range(256)) * 6000  # three chunks and a half where they are of 512 KiB


def version_of(name: str, archive: bytes, about: dict | None = None, version_id: UUID | None = None) -> KeptVersion:
    return KeptVersion(version_id or new_id(), name, about or {}, sha256(archive).hexdigest(), len(archive))


def assignment_of(version: str, alias: str = "champion", replaced: str | None = None, **more: object) -> Assignment:
    return Assignment(new_id(), alias, version, replaced, "it reads sevens better", **more)


def test_a_version_comes_back_to_the_byte_in_another_process_of_the_service(reopen: Callable[[], Store]) -> None:
    kept = version_of("reader-0123456789", LARGE, ABOUT)
    reopen().keep_version(kept, LARGE)
    store = reopen()
    assert store.versions() == [kept]
    assert store.version_archive("reader-0123456789") == LARGE
    assert json.dumps(store.versions()[0].about) == json.dumps(ABOUT)


def test_a_version_that_is_kept_is_never_changed(store: Store) -> None:
    first, second = version_of("reader-0123456789", b"first"), version_of("reader-0123456789", b"the second")
    store.keep_version(first, b"first")
    store.keep_version(second, b"the second")
    assert store.versions() == [first]
    assert store.version_archive("reader-0123456789") == b"first"


def test_versions_are_listed_newest_first_and_what_is_not_there_is_none(store: Store) -> None:
    kept = [version_of(f"reader-{n:010}", b"%d" % n) for n in range(5)]
    for n, version in enumerate(kept):
        store.keep_version(version, b"%d" % n)
    assert store.versions() == kept[::-1]
    assert store.version_archive("reader-ffffffffff") is None


def test_who_gave_which_alias_when_and_why_is_kept_for_good(store: Store) -> None:
    assert store.assignments() == []
    made = [
        assignment_of("reader-0000000001", "candidate"),
        assignment_of("reader-0000000001", replaced="reader-0000000000", by="ann", forced=True),
        assignment_of("reader-0000000000", replaced="reader-0000000001", by="bo"),
    ]
    for one in made:
        store.assign(one)
        store.assign(one)  # as after an answer that was lost
    assert store.assignments() == made[::-1]
    assert store.assignments(1) == [made[-1]]


def test_a_copy_takes_versions_and_aliases_along(store: Store, tmp_path: Path) -> None:
    kept = version_of("reader-0123456789", LARGE, ABOUT)
    store.keep_version(kept, LARGE)
    one = assignment_of("reader-0123456789", by="ann")
    store.assign(one)
    target = open_store(f"sqlite:///{tmp_path}/copy.sqlite")
    for _ in range(2):
        assert copy_versions(store, target) == 1
        assert target.versions() == [kept]
        assert target.version_archive(kept.name) == LARGE
        assert target.assignments() == [one]
    target.close()


def test_pages_searches_and_counts_know_nothing_of_versions(store: Store) -> None:
    store.keep_version(version_of("reader-0123456789", b"archive"), b"archive")
    store.assign(assignment_of("reader-0123456789"))
    assert store.page() == []
    assert store.count() == 0
    assert list(store.pictures()) == []
