"""Copy one store into another; also how a spool is replayed. May be broken off and run again, with the same result."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import sha256
from uuid import UUID

from mnist_predict.errors import KeyReused
from mnist_predict.store.record import Record, Store

THREADS = 8
PAGE = 500  # records read at a time
TOGETHER = 200  # records written at a time
AT_ONCE = 16_000_000  # bytes of pictures that a thread holds

Progress = Callable[[int], None]  # told the number of records done with since the last call


@dataclass
class Copied:
    """What a copy did: `records` and `pictures` found in the target afterwards, each compared with the source."""

    records: int = 0
    pictures: int = 0
    added: int = 0
    merged: list[UUID] = field(default_factory=list)  # kept there under another id: one upload that came twice
    wrong: list[str] = field(default_factory=list)  # what is missing or differs, in words; empty when all is well


def everything(store: Store) -> Iterator[Record]:
    """All records, newest first."""
    page = store.page(limit=PAGE)
    while page:
        yield from page
        page = store.page(before=page[-1].id, limit=PAGE)


def side_by_side(source: Store, target: Store) -> Iterator[tuple[Record, Record | None]]:
    """Each record of the source with that of the same id in the target, newest first."""
    theirs = everything(target)
    candidate = next(theirs, None)
    for record in everything(source):
        while candidate is not None and candidate.id > record.id:
            candidate = next(theirs, None)
        yield record, candidate if candidate is not None and candidate.id == record.id else None


def copy(source: Store, target: Store, progress: Progress = lambda _: None) -> Copied:
    """Give the target every record and picture of the source under the same ids, then compare both.

    `progress` counts each record twice: once copied, once compared. Raises `StoreUnavailable`.
    """
    copied = Copied()
    sent: set[str] = set()
    with ThreadPoolExecutor(THREADS) as threads:
        writing: deque[Future[list[UUID]]] = deque()
        together: list[Record] = []
        for record, twin in side_by_side(source, target):
            progress(1)
            if twin is not None:
                continue
            copied.added += 1
            if record.key is not None:
                writing.append(threads.submit(_copy_one, source, target, record))
            else:
                together.append(record)
            if len(together) == TOGETHER:
                writing.append(threads.submit(_copy_many, source, target, together, sent))
                together = []
            if len(writing) >= 2 * THREADS:
                copied.merged += writing.popleft().result()
        copied.merged += _copy_many(source, target, together, sent)
        for future in writing:
            copied.merged += future.result()
        _compare(source, target, copied, threads, progress)
    return copied


def _copy_one(source: Store, target: Store, record: Record) -> list[UUID]:
    """Copy a record that has a key: whether that key is taken in the target, only the target can tell."""
    picture = source.picture(record.sha256) if record.sha256 else None
    try:
        kept = target.add(record, picture)
    except KeyReused:
        # Its key is of another upload there. The record was acknowledged, so it is kept, without its key.
        kept = target.add(replace(record, key=None), picture)
    return [record.id] if kept.id != record.id else []


def _copy_many(source: Store, target: Store, records: list[Record], sent: set[str]) -> list[UUID]:
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


def _compare(source: Store, target: Store, copied: Copied, threads: ThreadPoolExecutor, progress: Progress) -> None:
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


def _same_picture(source: Store, target: Store, digest: str) -> bool:
    """Whether the target has that picture to the byte, or the source lacks it too (as a spool's labels do)."""
    picture = target.picture(digest)
    if picture is None:
        return source.picture(digest) is None
    return sha256(picture).hexdigest() == digest
