"""The review: readings that a person should check are leased, a few at a time, each to one person."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from secrets import token_urlsafe
from time import monotonic
from typing import Literal
from uuid import UUID

from mnist_predict.store.ids import is_for_two
from mnist_predict.store.protocol import Store
from mnist_predict.store.reasons import Reason, contradiction, reasons
from mnist_predict.store.record import Record
from mnist_predict.store.search import Labelled, Search

ENOUGH = 20  # new labels that make another candidate worthwhile
SAMPLE, NO_NUMBER = 0.5, 0.3  # what the random sample and pictures without a number teach, at least
LEASE_SECONDS = 120.0
SKIP_SECONDS = 600.0
COUNT_LIMIT = 200
_BATCH = 50  # waiting readings asked for at a time: as many as several people may have leased
_MAX_QUERIES = 5
_PAGE, _MAX_PAGES = 250, 8  # of the records that are looked at for labels
_SCORES = 10_000  # readings whose scores are remembered
_LOOKED = 200  # labelled readings of a kind that are looked at for those that are for two people
_FRESH = 30.0  # seconds that such a look is good for

Order = Literal["teaching", "newest", "unsure"]


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
    """Which of the newest `COUNT_LIMIT` readings are given, and in which order."""

    reason: Reason | None = None
    order: Order = "teaching"


ALL = Queue()
_scores: OrderedDict[UUID, tuple[float, float, tuple[Reason, ...]]] = OrderedDict()  # of readings, which never change


def teaches(record: Record) -> float:
    """How much a label of a reading would teach, from 0 to 1.

    As much as its number is doubtful (uncertainty sampling: B. Settles, Active Learning Literature Survey, 2009), or as
    digits and number contradict each other. The random sample has its place among them, whatever its confidence, as
    only its labels tell how good all readings are; pictures without a number mostly show none.
    """
    number = record.reading.primary_number if record.reading else None
    doubt = NO_NUMBER if number is None else max(1 - number.confidence, contradiction(number))
    return max(doubt, SAMPLE) if "sample" in reasons(record) else doubt


def _choose(store: Store, ids: Sequence[UUID], queue: Queue) -> list[UUID]:
    """Those of the readings that are wanted, in the order of the queue."""
    for each in ids:
        if each not in _scores and (record := store.get(each)):
            confidence = record.reading.confidence if record.reading else 0.0
            _scores[each] = teaches(record), confidence, reasons(record)
        if len(_scores) > _SCORES:
            _scores.popitem(last=False)
    unknown = 0.0, 0.0, ()
    scored = {each: _scores.get(each, unknown) for each in ids}
    chosen = [each for each in ids if queue.reason is None or queue.reason in scored[each][2]]
    if queue.order == "teaching":
        chosen.sort(key=lambda each: -scored[each][0])
    elif queue.order == "unsure":
        chosen.sort(key=lambda each: scored[each][1])
    return chosen


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
    """Lease readings to `who`: renew the leases of `keep`, then add free ones, up to `count` in all.

    `digit`: only readings of this one digit, newest first; `queue`: which others, and in which order. Raises
    `StoreUnavailable`.
    """
    leased = store.lease(keep, who, LEASE_SECONDS, len(keep)) if keep else []
    older: UUID | None = None
    if digit is None and len(leased) < count:
        found = store.unreviewed(limit=COUNT_LIMIT)
        chosen = [record_id for record_id in _choose(store, found.ids, queue) if record_id not in keep]
        leased += store.lease(chosen, who, LEASE_SECONDS, count - len(leased)) if chosen else []
        older = found.older
        if queue.reason is not None or older is None:
            return Claimed(leased, None)
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


def labels_since(store: Store, since: UUID | None, most: int | None = None) -> Remaining:
    """How many numbers of records were labelled since that id, counted up to `most`; `more`: there may be more.

    Raises `StoreUnavailable`.
    """
    labelled: set[tuple[UUID, int | None]] = set()
    withdrawn: set[UUID | None] = set()  # newest first, so what withdraws a label comes before it
    before: UUID | None = None
    for _ in range(_MAX_PAGES):
        page = store.page(before, _PAGE)
        for record in page:
            if since is not None and record.id <= since:
                return Remaining(len(labelled), False)
            withdrawn.add(record.withdraws)
            if record.label_of is not None and record.withdraws is None and record.id not in withdrawn:
                labelled.add((record.label_of, record.of_number))
            if len(labelled) == most:
                return Remaining(len(labelled), True)
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


class Inbox:
    """What the inbox tells and gives beside what waits, looked up anew every `_FRESH` seconds; thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._labels = (-_FRESH, Remaining(0, False))
        self._for_two: tuple[float, list[Record]] = (-_FRESH, [])
        self._skipped: dict[tuple[str, UUID], float] = {}

    def new_labels(self) -> Remaining:
        """How many numbers were labelled since a version last learned, counted up to `ENOUGH`.

        Raises `StoreUnavailable`.
        """
        looked, found = self._labels
        if monotonic() - looked > _FRESH:
            learned = (version.id for version in self._store.versions() if version.about.get("learned"))
            found = labels_since(self._store, next(learned, None), ENOUGH)
            self._labels = monotonic(), found
        return found

    def second_look(self, who: str | None) -> Record | None:
        """A reading that is for two people and that one other has labelled; None for somebody without a name.

        It is not leased: should two more people be given it at once, it has three opinions. Raises `StoreUnavailable`.
        """
        if who is None:
            return None
        looked, candidates = self._for_two
        if monotonic() - looked > _FRESH:
            candidates = self._labelled_for_two()
            self._for_two = monotonic(), candidates
        for record in candidates:
            people = {label.by for label in self._store.labels(record.id)}
            is_skipped = self._skipped.get((who, record.id), 0.0) > monotonic()
            if len(people) == 1 and not people & {None, who} and not is_skipped:
                return record
        return None

    def skip(self, who: str | None, record_id: UUID) -> None:
        """Do not give that reading to `who` again for a while."""
        if who is not None:
            now = monotonic()
            self._skipped = {key: until for key, until in self._skipped.items() if until > now}
            self._skipped[who, record_id] = now + SKIP_SECONDS

    def _labelled_for_two(self) -> list[Record]:
        kinds: tuple[Labelled, ...] = ("corrected", "confirmed")
        found = [self._store.search(Search(labelled=kind), limit=_LOOKED).records for kind in kinds]
        return [one for one in chain(*found) if is_for_two(one.id) and one.reading and one.sha256]
