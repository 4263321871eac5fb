"""What every store can do (tests/store/test_contract.py)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from mnist_predict.store.durability import DURABLE, Durability
from mnist_predict.store.record import Erasure, Record, standing
from mnist_predict.store.search import Counted, Found, Search, count_by_looking
from mnist_predict.store.versions.kept import Assignment, KeptVersion

ERASED_AT_ONCE = 250  # records and labels


@dataclass(frozen=True, slots=True)
class Unreviewed:
    """Readings that wait for a person, newest first; `older`: the id below which to look on, None at the end."""

    ids: list[UUID]
    older: UUID | None


@dataclass(frozen=True, slots=True)
class Status:
    """How a store is doing, and what waits for it in its spool; a store that cannot be away has no spool."""

    away: str | None = None  # why the store does not answer, in words; None: it does
    waiting: int = 0  # records and erasures in the spool that the store has not taken yet
    unsynced: int = 0  # those in the spool that it has taken, and may not have on its disks yet
    spool_bytes: int = 0  # the size of both
    limit: int | None = None  # bytes, the maximum size of the spool; None: there is none
    ephemeral: bool = False  # the spool is on no volume and goes with the container


class Store(Protocol):
    """Keeps records and pictures for good. Every method may raise `StoreUnavailable`; all are thread-safe."""

    def add(self, record: Record, picture: bytes | None = None, is_new: bool = False) -> Record:
        """Keep a record and its picture; both are durable on return.

        Returns the record that is kept: an earlier one where its id or its key is kept already (a retry).
        Raises `KeyReused` where that earlier one has another picture or name, `Gone` where it was erased, or where
        this is a label of one that was.
        `picture` are the bytes whose SHA-256 `record.sha256` is; they are kept once. `is_new`: the id was made for this
        very call, so no store has been given it before, and nobody else gives it to one meanwhile. Where that is so, a
        store may save its questions.
        """

    def add_all(self, records: Sequence[Record], pictures: Mapping[str, bytes]) -> None:
        """Keep many records and the pictures given by their SHA-256, faster than one by one; durable on return.

        The records have no keys, and ids that are new here or of the very same record. May be repeated after
        a failure, which may leave a part of them kept. What `add` would call gone is left out.
        """

    def merge(self, record_id: UUID, kept_id: UUID) -> None:
        """From now on `get` and `labels` take the first id, which was acknowledged, for the second, which is kept.

        What is kept under the first is taken away: it is the same upload.
        """

    def merged(self) -> Iterator[tuple[UUID, UUID]]:
        """Every id that was merged, with the id of the record that is kept."""

    def get(self, record_id: UUID) -> Record | None:
        """The record of that id, or the one that it was merged into."""

    def newest(self, image_name: str) -> Record | None:
        """The newest record of that image name that brought a picture (labels aside)."""

    def page(self, before: UUID | None = None, limit: int = 50) -> list[Record]:
        """Records newest first; `before`: only those whose id is smaller (the last id of the page before)."""

    def search(self, search: Search, before: UUID | None = None, limit: int = 50) -> Found:
        """A page of the records that are searched for, newest first; `before`: as `rest` of the page before.

        It costs what it shows, however many records are kept, where one thing is asked for; of several, it looks at
        a bounded number of records and says how far it came.
        """

    def label_history(self, record_id: UUID) -> list[Record]:
        """Every label of a record and of what was merged into it, newest first.

        Of all its numbers, with those that were withdrawn and what withdraws them.
        """

    def labels(self, record_id: UUID) -> list[Record]:
        """The labels of a record's primary number that count (`standing`), newest first."""
        return standing(self.label_history(record_id))

    def newest_labels(self, record_ids: Sequence[UUID]) -> dict[UUID, Record]:
        """The newest label of each of these records that has one, as `labels` gives it."""
        found = {record_id: self.labels(record_id) for record_id in record_ids}
        return {record_id: labels[0] for record_id, labels in found.items() if labels}

    def count_found(self, search: Search) -> Counted:
        """How many records a search finds, labels aside, counted as far as that costs little."""
        return count_by_looking(self.search, search)

    def picture(self, sha256: str) -> bytes | None:
        """The bytes of a picture just as they were uploaded."""

    def unreviewed(self, before: UUID | None = None, limit: int = 50, digit: str | None = None) -> Unreviewed:
        """Readings that a person should look at (`reasons`) and that have no label, held or not.

        `before`: only those whose id is smaller; `digit`: only those that read as this one digit. Looks at a bounded
        number of rows, so there may be fewer than `limit` though there are `older` ones.
        """

    def lease(self, ids: Sequence[UUID], who: str, seconds: float, most: int) -> list[Record]:
        """Give the first `most` of those that still wait, and that nobody else holds, to `who` for so long.

        Nobody else is given them meanwhile; who holds one may prolong it.
        """

    def skip(self, record_id: UUID, who: str, seconds: float) -> None:
        """Give what `who` holds, or nobody does, to nobody for so long."""

    def erased_with(self, record: Record, limit: int = ERASED_AT_ONCE) -> list[Record]:
        """What is erased with a record, itself included, newest first: all with its picture, and their labels.

        A label goes with what it labels. With more than `limit`, so many of them: those that others lead to first, that
        is labels, and neither the record itself nor what it labels.
        """

    def erase(self, erasure: Erasure) -> Erasure:
        """Erase these records, their labels, and the pictures that no other record has; bar all their ids and keys.

        Ids that are not kept are barred as well. Returns the erasure with every id that was. May be repeated.
        """

    def erasures(self) -> Iterator[Erasure]:
        """Every erasure, newest first; for the commands that keep the store."""

    def erased(self, record_ids: Iterable[UUID]) -> set[UUID]:
        """Those of the ids that were erased."""

    def count(self) -> int:
        """How many records are kept, counted one by one: for the commands that keep the store, not for pages."""

    def pictures(self) -> Iterator[str]:
        """The SHA-256 of every picture that is kept, in no order; those kept meanwhile may be among them."""

    def keep_version(self, version: KeptVersion, archive: bytes) -> None:
        """Keep a model version; `archive` are the bytes of its size and SHA-256. One of that name is left as it is."""

    def versions(self) -> list[KeptVersion]:
        """Every model version that is kept, newest first."""

    def version_archive(self, name: str) -> bytes | None:
        """The bytes that a model version was kept with; None where it is missing or not complete."""

    def assign(self, assignment: Assignment) -> None:
        """Add that an alias was given to a version. May be repeated."""

    def assignments(self, limit: int = 100) -> list[Assignment]:
        """Who gave which alias to which version, newest first."""

    def durability(self, look: bool = False) -> Durability:
        """How far what is acknowledged is durable, as it was when last looked at; `look`: as it is now."""
        return DURABLE

    def check_writable(self) -> None:
        """Raise `StoreUnavailable` unless a record could be kept now; leaves nothing behind."""

    def status(self) -> Status:
        """How the store is doing; asks nothing over the network."""
        return Status()

    def is_waiting(self, record_id: UUID) -> bool:
        """Whether a record waits in the spool, and is not yet in the store."""
        return False

    def is_ephemeral(self, record_id: UUID) -> bool:
        """Whether a record is on no disk yet but one that goes with the container."""
        return False

    def close(self) -> None:
        """Finish what was begun and let go of files and connections."""
