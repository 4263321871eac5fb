"""Look through a whole store for records without pictures, altered pictures, and pictures without records."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record
from mnist_predict.store.tools.copy import PAGE, everything

THREADS = 16


@dataclass
class Checked:
    """What was looked at, and what is wrong with it."""

    records: int = 0
    pictures: int = 0
    without_picture: list[UUID] = field(default_factory=list)  # records whose picture is missing or incomplete
    altered: list[str] = field(default_factory=list)  # SHA-256 under which other bytes are kept
    without_record: list[str] = field(default_factory=list)  # SHA-256 of pictures that no record names

    half_erased: list[UUID] = field(default_factory=list)  # records that are still there

    @property
    def well(self) -> bool:
        """Whether all that was acknowledged is there, and nothing that was erased.

        A picture without a record is only an upload broken off.
        """
        return not (self.without_picture or self.altered or self.half_erased)


def check(store: Store, progress: Callable[[int], None] = lambda _: None) -> Checked:
    """Read every record and every picture; `progress` counts the records. Raises `StoreUnavailable`.

    A picture whose upload is under way may be reported as without a record.
    """
    checked = Checked()
    nameless = set(store.pictures())
    checked.pictures = len(nameless)
    seen: set[str] = set()
    lacking: set[str] = set()
    ids: list[UUID] = []
    under_way: deque[tuple[Record, Future[bool | None]]] = deque()

    def finish() -> None:
        record, future = under_way.popleft()
        right = future.result()
        digest = str(record.sha256)
        if right is None:
            lacking.add(digest)
        elif not right:
            checked.altered.append(digest)

    with ThreadPoolExecutor(THREADS) as threads:
        for record in everything(store):
            progress(1)
            ids.append(record.id)
            if record.sha256 is None:
                continue
            nameless.discard(record.sha256)
            if record.sha256 not in seen:
                seen.add(record.sha256)
                under_way.append((record, threads.submit(_is_right, store, record.sha256)))
            if len(under_way) >= 2 * THREADS:
                finish()
        while under_way:
            finish()
    for at in range(0, len(ids), PAGE):
        checked.half_erased += sorted(store.erased(ids[at : at + PAGE]))
    checked.records = len(ids)
    if lacking:
        checked.without_picture = [record.id for record in everything(store) if record.sha256 in lacking]
    checked.without_record = sorted(nameless)
    return checked


def _is_right(store: Store, digest: str) -> bool | None:
    """Whether the picture's bytes have that hash; None where it is missing."""
    picture = store.picture(digest)
    return None if picture is None else sha256(picture).hexdigest() == digest
