"""Copy one store into another; also how a spool is replayed. May be broken off and run again, with the same result."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from mnist_predict.errors import Gone, KeyReused
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Erasure, Record

THREADS = 8
PAGE = 500  # records read at a time
TOGETHER = 200  # records written at a time
AT_ONCE = 16_000_000  # bytes of pictures that a thread holds

Progress = Callable[[int], None]  # told the number of records done with since the last call


class Source(Protocol):
    """What a copy needs of where it copies from: a store, or a part of a spool."""

    def page(self, before: UUID | None = None, limit: int = 50) -> list[Record]:
        """See `Store.page`."""

    def picture(self, sha256: str) -> bytes | None:
        """See `Store.picture`."""

    def merged(self) -> Iterator[tuple[UUID, UUID]]:
        """See `Store.merged`."""

    def erasures(self) -> Iterator[Erasure]:
        """See `Store.erasures`."""


@dataclass
class Copied:
    """What a copy did: `records` and `pictures` found in the target afterwards, each compared with the source."""

    records: int = 0
    pictures: int = 0
    added: int = 0
    merged: list[UUID] = field(default_factory=list)  # kept there under another id: one upload that came twice
    erased: list[UUID] = field(default_factory=list)  # erased there, so not brought back
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


def copy(source: Source, target: Store, progress: Progress = lambda _: None, again: bool = False) -> Copied:
    """Give the target every record and picture of the source under the same ids, then compare both.

    `again`: write what is there already as if it were not, key and picture too. In a cluster of which a node has lost
    its last writes it may be there by a single copy that no quorum need find.

    What was erased in the source is erased in the target, what was erased in the target stays so. `progress` counts
    each record twice: once copied, once compared. Raises `StoreUnavailable`.
    """
    copied = Copied()
    for erasure in source.erasures():
        if target.erased(erasure.records) != set(erasure.records):
            target.erase(erasure)
    sent: set[str] = set()
    with ThreadPoolExecutor(THREADS) as threads:
        writing: deque[Future[list[UUID]]] = deque()
        together: list[Record] = []
        there: list[Record] = []
        for record, twin in _all_lacking(source) if again else side_by_side(source, target):
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


def _all_lacking(source: Source) -> Iterator[tuple[Record, None]]:
    return ((record, None) for record in everything(source))


def _copy_one(source: Source, target: Store, record: Record) -> list[UUID]:
    """Copy a record that has a key: whether that key is taken in the target, only the target can tell."""
    picture = source.picture(record.sha256) if record.sha256 else None
    try:
        kept = _add(target, record, picture)
    except Gone as error:
        target.merge(record.id, error.record_id)  # if it is known there under another id, this one is gone as well
        return []
    if kept.id == record.id:
        return []
    target.merge(record.id, kept.id)  # both ids were acknowledged
    return [record.id]


def _add(target: Store, record: Record, picture: bytes | None) -> Record:
    try:
        return target.add(record, picture)
    except KeyReused:
        # Its key is of another upload there. The record was acknowledged, so it is kept, without its key.
        return target.add(replace(record, key=None), picture)


def _gone(target: Store, records: list[Record]) -> list[Record]:
    """Those of the records that were erased in the target, or are labels of what was."""
    found = target.erased(each for record in records for each in (record.id, record.label_of) if each)
    return [record for record in records if found & {record.id, record.label_of}]


def _copy_many(source: Source, target: Store, records: list[Record], sent: set[str]) -> list[UUID]:
    gone = _gone(target, records)
    records = [record for record in records if record not in gone]
    wanted = {record.sha256 for record in records if record.sha256} - sent
    pictures: dict[str, bytes] = {}
    for digest in wanted:
        picture = source.picture(digest)
        if picture is not None:
            pictures[digest] = picture
        if sum(map(len, pictures.values())) > AT_ONCE:
            target.add_all([record for record in records if record.sha256 in pictures], pictures)
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
    lacking: list[Record] = []

    def look_for_lacking() -> None:
        gone = _gone(target, lacking)
        copied.erased += [record.id for record in gone]
        copied.wrong += [f"record {record.id} is missing in the target" for record in lacking if record not in gone]
        lacking.clear()

    def finish() -> None:
        record, future = comparing.popleft()
        if future.result():
            copied.pictures += 1
        elif _gone(target, [record]):  # who erased it there was broken off, and is to do so again
            copied.erased.append(record.id)
        else:
            copied.wrong.append(f"picture {record.sha256} of record {record.id} is missing or altered in the target")

    for record, twin in side_by_side(source, target):
        progress(1)
        if twin is None:
            if record.id not in merged:
                lacking.append(record)
            if len(lacking) == TOGETHER:
                look_for_lacking()
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
    look_for_lacking()
    for one in (*merged, *(merged_id for merged_id, _ in source.merged())):
        if target.get(one) is None and not target.erased([one]):
            copied.wrong.append(f"record {one} is missing in the target, under another id too")


def _same_picture(source: Source, target: Store, digest: str) -> bool:
    """Whether the target has that picture to the byte, or the source lacks it too (as a spool's labels do)."""
    picture = target.picture(digest)
    if picture is None:
        return source.picture(digest) is None
    return sha256(picture).hexdigest() == digest
