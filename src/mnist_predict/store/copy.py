"""Copy one store into another; also how a spool is replayed. May be broken off and run again, with the same result."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from mnist_predict.errors import KeyReused
from mnist_predict.store.record import Record, Store

THREADS = 8
PAGE = 500  # records read at a time
TOGETHER = 200  # records written at a time
AT_ONCE = 16_000_000  # bytes of pictures that a thread holds

Progress = Callable[[int], None]  # told the number of records done with since the last call


class Source(Protocol):
    """What a copy needs of where it copies from: a store, or a part of a spool."""

    def page(self, before: UUID | None = None, limit: int = 50) -> list[Record]:
        """See `Store.page`."""
        ...

    def picture(self, sha256: str) -> bytes | None:
        """See `Store.picture`."""
        ...

    def merged(self) -> Iterator[tuple[UUID, UUID]]:
        """See `Store.merged`."""
        ...


@dataclass
class Copied:
    """What a copy did: `records` and `pictures` found in the target afterwards, each compared with the source."""

    records: int = 0
    pictures: int = 0
    added: int = 0
    merged: list[UUID] = field(default_factory=list)  # kept there under another id: one upload that came twice
    wrong: list[str] = field(default_factory=list)  # what is missing or differs, in words; empty when all is well


def everything(store: Source, before: UUID | None = None) -> Iterator[Record]:
    """All records, newest first; `before`: only those whose id is smaller."""
    page = store.page(before=before, limit=PAGE)
    while page:
        yield from page
        page = store.page(before=page[-1].id, limit=PAGE)


def side_by_side(source: Source, target: Store) -> Iterator[tuple[Record, Record | None]]:
    """Each record of the source with that of the same id in the target, newest first."""
    theirs: Iterator[Record] = iter(())
    candidate = newest = None
    for record in everything(source):
        if newest is None:
            newest = record
            theirs = everything(target, before=UUID(int=newest.id.int + 1))
            candidate = next(theirs, None)
        while candidate is not None and candidate.id > record.id:
            candidate = next(theirs, None)
        yield record, candidate if candidate is not None and candidate.id == record.id else None


def copy(source: Source, target: Store, progress: Progress = lambda _: None) -> Copied:
    """Give the target every record and picture of the source under the same ids, then compare both.

    `progress` counts each record twice: once copied, once compared. Raises `StoreUnavailable`.
    """
    copied = Copied()
    sent: set[str] = set()
    with ThreadPoolExecutor(THREADS) as threads:
        writing: deque[Future[list[UUID]]] = deque()
        together: list[Record] = []
        there: list[Record] = []
        for record, twin in side_by_side(source, target):
            progress(1)
            copied.added += twin is None
            if twin is not None:
                # Written once more: who wrote it may have died before its name, or what it labels, pointed to it.
                there.append(twin)
            elif record.key is not None:
                writing.append(threads.submit(_copy_one, source, target, record))
            else:
                together.append(record)
            if len(there) == TOGETHER:
                writing.append(threads.submit(_write_again, target, there))
                there = []
            if len(together) == TOGETHER:
                writing.append(threads.submit(_copy_many, source, target, together, sent))
                together = []
            if len(writing) >= 2 * THREADS:
                copied.merged += writing.popleft().result()
        _write_again(target, there)
        copied.merged += _copy_many(source, target, together, sent)
        for future in writing:
            copied.merged += future.result()
        for one, kept_id in source.merged():
            kept = target.get(kept_id)  # which may have been merged in its turn
            target.merge(one, kept.id if kept else kept_id)
        _compare(source, target, copied, threads, progress)
    return copied


def _copy_one(source: Source, target: Store, record: Record) -> list[UUID]:
    """Copy a record that has a key: whether that key is taken in the target, only the target can tell."""
    picture = source.picture(record.sha256) if record.sha256 else None
    try:
        kept = target.add(record, picture)
    except KeyReused:
        # Its key is of another upload there. The record was acknowledged, so it is kept, without its key.
        kept = target.add(replace(record, key=None), picture)
    if kept.id == record.id:
        return []
    target.merge(record.id, kept.id)  # both ids were acknowledged
    return [record.id]


def _copy_many(source: Source, target: Store, records: list[Record], sent: set[str]) -> list[UUID]:
    wanted = {record.sha256 for record in records if record.sha256} - sent
    pictures: dict[str, bytes] = {}
    for digest in wanted:
        picture = source.picture(digest)
        if picture is not None:
            pictures[digest] = picture
        if sum(map(len, pictures.values())) > AT_ONCE:
            target.add_all([], pictures)
            pictures = {}
    target.add_all(records, pictures)
    sent |= wanted  # only now that they are kept may others name them
    return []


def _write_again(target: Store, records: list[Record]) -> list[UUID]:
    target.add_all(records, {})
    return []


def _compare(source: Source, target: Store, copied: Copied, threads: ThreadPoolExecutor, progress: Progress) -> None:
    merged = set(copied.merged)
    seen: set[str] = set()
    comparing: deque[tuple[Record, Future[bool]]] = deque()

    def finish() -> None:
        record, future = comparing.popleft()
        if future.result():
            copied.pictures += 1
        else:
            copied.wrong.append(f"picture {record.sha256} of record {record.id} is missing or altered in the target")

    for record, twin in side_by_side(source, target):
        progress(1)
        if twin is None:
            if record.id not in merged:
                copied.wrong.append(f"record {record.id} is missing in the target")
            continue
        copied.records += 1
        if replace(twin, key=None) != replace(record, key=None):
            copied.wrong.append(f"record {record.id} differs in the target")
        if record.sha256 and record.sha256 not in seen:
            seen.add(record.sha256)
            comparing.append((record, threads.submit(_same_picture, source, target, record.sha256)))
        if len(comparing) >= 2 * THREADS:
            finish()
    while comparing:
        finish()
    for one in (*merged, *(merged_id for merged_id, _ in source.merged())):
        if target.get(one) is None:
            copied.wrong.append(f"record {one} is missing in the target, under another id too")


def _same_picture(source: Source, target: Store, digest: str) -> bool:
    """Whether the target has that picture to the byte, or the source lacks it too (as a spool's labels do)."""
    picture = target.picture(digest)
    if picture is None:
        return source.picture(digest) is None
    return sha256(picture).hexdigest() == digest
