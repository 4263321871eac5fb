"""The review: readings that a person should check are leased, a few at a time, each to one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_urlsafe
from uuid import UUID

from mnist_predict.store.protocol import Store
from mnist_predict.store.reasons import Reason, reasons
from mnist_predict.store.record import Record

LEASE_SECONDS = 120.0
SKIP_SECONDS = 600.0
COUNT_LIMIT = 200
_BATCH = 50  # waiting readings asked for at a time: as many as several people may have leased
_MAX_QUERIES = 5
_PAGE, _MAX_PAGES = 250, 8  # of the records that are looked at for labels


@dataclass(frozen=True, slots=True)
class Claimed:
    """Leased records; `older`: the id at which the search for more stopped, None if there are no more."""

    records: list[Record]
    older: UUID | None


@dataclass(frozen=True, slots=True)
class Remaining:
    """How many readings wait, leased ones included; `more`: there may be more than were counted."""

    count: int
    more: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """Which of the newest `COUNT_LIMIT` readings are given: those with a reason, the least sure first."""

    reason: Reason | None = None
    least_sure_first: bool = False


ALL = Queue()


def _choose(store: Store, queue: Queue) -> list[UUID]:
    waiting = [record for each in store.unreviewed(limit=COUNT_LIMIT).ids if (record := store.get(each))]
    chosen = [record for record in waiting if queue.reason is None or queue.reason in reasons(record)]
    if queue.least_sure_first:
        chosen.sort(key=lambda record: record.reading.confidence if record.reading else 0.0)
    return [record.id for record in chosen]


def release(store: Store, who: str, ids: Sequence[UUID]) -> None:
    """End leases of `who`, who is going: others may be given these readings at once. Raises `StoreUnavailable`."""
    for each in ids:
        store.skip(each, who, 0)


def new_reviewer() -> str:
    """A random name for a person, valid as long as their page is open."""
    return token_urlsafe(9)


def claim(
    store: Store, who: str, count: int, keep: Sequence[UUID] = (), digit: str | None = None, queue: Queue = ALL
) -> Claimed:
    """Lease readings to `who`, newest first: renew the leases of `keep`, then add free ones, up to `count` in all.

    `digit`: only readings of this one digit; `queue`: which, and in which order. Raises `StoreUnavailable`.
    """
    leased = store.lease(keep, who, LEASE_SECONDS, len(keep)) if keep else []
    if queue != ALL and len(leased) < count:
        chosen = [record_id for record_id in _choose(store, queue) if record_id not in keep]
        return Claimed(
            leased + store.lease(chosen, who, LEASE_SECONDS, count - len(leased)) if chosen else leased, None
        )
    older: UUID | None = None
    for _ in range(_MAX_QUERIES):
        if len(leased) >= count:
            break
        found = store.unreviewed(older, _BATCH, digit)
        free = [record_id for record_id in found.ids if record_id not in keep]
        if free:
            leased += store.lease(free, who, LEASE_SECONDS, count - len(leased))
        older = found.older
        if older is None:
            break
    return Claimed(leased, older)


def skip(store: Store, who: str, record_id: UUID) -> None:
    """End a lease of `who` without a label; nobody gets that reading for a while. Raises `StoreUnavailable`."""
    store.skip(record_id, who, SKIP_SECONDS)


def labels_since(store: Store, since: UUID | None) -> Remaining:
    """How many records were labelled since that id; `more`: there may be more. Raises `StoreUnavailable`."""
    labelled: set[UUID] = set()
    withdrawn: set[UUID | None] = set()  # newest first, so what withdraws a label comes before it
    before: UUID | None = None
    for _ in range(_MAX_PAGES):
        page = store.page(before, _PAGE)
        for record in page:
            if since is not None and record.id <= since:
                return Remaining(len(labelled), False)
            withdrawn.add(record.withdraws)
            counts = record.withdraws is None and record.of_number is None and record.id not in withdrawn
            if record.label_of is not None and counts:
                labelled.add(record.label_of)
        if len(page) < _PAGE:
            return Remaining(len(labelled), False)
        before = page[-1].id
    return Remaining(len(labelled), True)


def remaining(store: Store) -> Remaining:
    """How many readings wait, counted up to `COUNT_LIMIT`. Raises `StoreUnavailable`."""
    found = store.unreviewed(limit=COUNT_LIMIT)
    return Remaining(len(found.ids), found.older is not None)


def waiting_digits(store: Store) -> list[Remaining]:
    """How many readings of each single digit wait, 0 first. Raises `StoreUnavailable`."""
    found = [store.unreviewed(limit=COUNT_LIMIT, digit=str(digit)) for digit in range(10)]
    return [Remaining(len(each.ids), each.older is not None) for each in found]
