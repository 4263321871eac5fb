"""Incremental counting: a little with each request for the statistics, the rest of an old store in a thread.

Records are counted from the newest back to the first day asked for, and the counts are kept (`Kept`), so that each
record is counted once. Ids younger than `SETTLED` are counted anew for each request, as such a record may still be on
its way into the store. Records that come later (from the spool of another service, by `store copy`) are found when
their day is counted again, a day and a week after it.
"""

import logging
import math
import threading
import time
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from mnist_predict.errors import StoreUnavailable
from mnist_predict.stats.kept import Kept, Span
from mnist_predict.stats.tally import Counts, Mistake, add, tally
from mnist_predict.store.ids import first_id
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record

COUNTS = 3  # what is counted: with another number, everything is counted anew
SETTLED = timedelta(minutes=1)
PATIENCE = 0.3  # seconds that a request may count
TURN = 0.2  # seconds that the thread counts before it sleeps for as long
FIRST_PAGE, LARGEST_PAGE = 50, 1000  # records per query, adapted to its speed
LIVE = 1000  # maximum number of records that are counted anew for each request
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)

log = logging.getLogger("mnist_predict.stats")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far counting is: from `until` back over `done` of the `days` days asked for."""

    until: datetime | None  # None: nothing is counted yet
    done: int = 0
    days: int = 0  # 0: nobody knows, as the store is away
    complete: bool = False


class Statistics:
    """The daily counts of a store; thread-safe. One process counts at a time."""

    def __init__(self, store: Store, kept: Kept) -> None:
        self.store = store
        self.kept = kept
        self._thread: threading.Thread | None = None

    def days(self, since: date) -> tuple[dict[date, Counts], Progress]:
        """The counts of each day from that one on, and how complete they are; first counts for a moment.

        While the store is away, the counts are those that were kept. Raises `StoreUnavailable` if their file cannot be
        used.
        """
        now = datetime.now(UTC)
        wanted = _midnight(since), str(first_id(now - SETTLED))
        try:
            self._count(wanted, PATIENCE)
            found, spans = self.kept.days(since)
            if gaps := _gaps(spans, wanted):
                self._go_on(wanted)
                return found, self._progress(spans, gaps, wanted)
            live = self._live(UUID(spans[0][1]))
        except StoreUnavailable as error:
            log.warning("Only what was counted before is shown: %s", error)
            found, spans = self.kept.days(since)
            return found, Progress(_until(spans))
        for day, counts in (live or {}).items():
            if day >= since:
                add(found.setdefault(day, {}), counts)
        return found, Progress(_until(spans) if live is None else now, complete=True)

    def mistakes(self, read: int, said: int, since: date, limit: int) -> list[Mistake]:
        """Digits read as `read` and labelled as `said`, newest first, of records that still exist."""
        found = self.kept.mistakes(read, said, since, limit)
        try:
            return [mistake for mistake in found if self.store.get(mistake.record) is not None]
        except StoreUnavailable:
            return []

    def _count(self, wanted: Span, seconds: float) -> None:
        """Count what is not counted of those ids, a page at least and for so long; another process that is counting
        is left to it."""
        newest = self.kept.newest()
        with self.kept.counting() as mine:
            if not mine:
                return
            if newest is not None and self.store.get(newest) is None:
                self.kept.clear()  # another store under the name of the one that was counted
            limit = FIRST_PAGE
            now = time.monotonic()
            until = now + seconds
            while (gaps := _gaps(self.kept.spans(), wanted)) or self.kept.forget_due(datetime.now(UTC)):
                if gaps:
                    self._count_page(gaps[0], limit)
                    began, now = now, time.monotonic()
                    limit = min(2 * limit, LARGEST_PAGE) if now - began < TURN / 4 else max(limit // 2, FIRST_PAGE)
                if now >= until:
                    return

    def _count_page(self, gap: Span, limit: int) -> None:
        low, high = gap
        records = self._page(UUID(high), limit)
        new = [record for record in records if str(record.id) >= low]
        if len(new) == limit:
            low = str(new[-1].id)
        self.kept.keep((low, high), tally(new, self.store), new[0].id if new else None, datetime.now(UTC))

    def _live(self, settled: UUID) -> dict[date, Counts] | None:
        """The counts of what is too new to be kept; None where that is too much to be counted each time."""
        records: list[Record] = []
        limit = FIRST_PAGE
        while len(records) < LIVE:
            new = [r for r in self._page(records[-1].id if records else None, limit) if r.id >= settled]
            records += new
            if len(new) < limit:
                break
            limit *= 2
        else:
            return None
        counted = tally(records, self.store)
        if counted.mistakes:
            self.kept.keep_mistakes(counted.mistakes)
        found: dict[date, Counts] = {}
        for (_, day), counts in counted.counts.items():
            add(found.setdefault(day, {}), counts)
        return found

    def _page(self, before: UUID | None, limit: int) -> list[Record]:
        """A page of the store; raises `StoreUnavailable` where it would be one of the spool alone."""
        records = self.store.page(before, limit)
        if away := self.store.status().away:
            raise StoreUnavailable(away)
        return records

    def _progress(self, spans: list[Span], gaps: list[Span], wanted: Span) -> Progress:
        first, end = map(_time, wanted)
        days = range(math.ceil((end - first) / _DAY))
        empty = bisect_left(days, 1, key=lambda day: len(self._page(first_id(first + (day + 1) * _DAY), 1)))
        oldest = min(first + empty * _DAY, end)
        lacking = sum((max(timedelta(), _time(high) - max(oldest, _time(low))) for low, high in gaps), timedelta())
        in_all = max(1, math.ceil((end - oldest) / _DAY))
        return Progress(_until(spans), max(0, in_all - max(1, math.ceil(lacking / _DAY))), in_all)

    def _go_on(self, wanted: Span) -> None:
        """Count the rest in a thread, one per process, which ends when that is done."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._count_all, args=[wanted], name="statistics", daemon=True)
            self._thread.start()

    def _count_all(self, wanted: Span) -> None:
        try:
            while _gaps(self.kept.spans(), wanted) and threading.main_thread().is_alive():
                time.sleep(TURN)  # others who want the processor, and whoever else is counting, have their turn
                self._count(wanted, TURN)
        except StoreUnavailable as error:
            log.warning("Counting goes on when the statistics are asked for again: %s", error)


def _gaps(spans: list[Span], wanted: Span) -> list[Span]:
    """What is not counted of the ids that are wanted, newest first."""
    first, top = wanted
    gaps = []
    for low, high in [*spans, (first, first)]:
        if max(first, high) < top:
            gaps.append((max(first, high), top))
        top = min(top, low)
    return gaps


def _midnight(day: date) -> str:
    return str(first_id(datetime.combine(day, datetime.min.time(), UTC)))


def _until(spans: list[Span]) -> datetime | None:
    return _time(spans[0][1]) if spans else None


def _time(an_id: str) -> datetime:
    return _EPOCH + timedelta(milliseconds=UUID(an_id).int >> 80)


def open_statistics(store: Store, data: str, place: str) -> Statistics:
    """The statistics of a store; their file is in the folder `data`. `place`: the address of the store."""
    return Statistics(store, Kept(Path(data) / "statistics.sqlite", f"{place} ({COUNTS})"))
