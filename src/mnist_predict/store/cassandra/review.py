"""The readings that wait for a person, in Cassandra. docs/cassandra.md tells why none is deleted."""

import time
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from mnist_predict.store.cassandra.index import get, pointers
from mnist_predict.store.cassandra.rows import GET, from_row, partition, timestamp
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.ids import time_of
from mnist_predict.store.protocol import Unreviewed
from mnist_predict.store.reasons import reasons
from mnist_predict.store.record import Record, standing

LOOK = 2000  # rows that one question reads at most
SETTLED = 3600  # seconds after which the clocks of all services agree that a partition was listed

NOBODY = ""

_WAITS = "insert into @review (day, slot, id, number) values (?, ?, ?, ?) using timestamp ?"
_LIST = "insert into @review_slot (year, day, slot) values (?, ?, ?)"
_DONE = "update @review set done = true where day = ? and slot = ? and id = ?"
# A label and what withdraws it, in whatever order they come: the later id counts.
_SAID = "update @review using timestamp ? set done = ? where day = ? and slot = ? and id = ?"
_NUMBER = "delete number from @review using timestamp ? where day = ? and slot = ? and id = ?"
_ROWS = "select id, number, done from @review where day = ? and slot = ? and id < ?"
_ROW = "select done from @review where day = ? and slot = ? and id = ?"
_SLOTS = "select day, slot from @review_slot where year = ? and (day, slot) <= (?, ?)"
_UNLIST = "delete from @review_slot using timestamp ? where year = ? and day = ? and slot = ?"
_HOLDER = "select id, who from @review_hold where id = ?"
# Never an insert: it would also write that the row is there, with a time to live of its own.
_CLAIM = "update @review_hold using ttl ? set who = ? where id = ? if who = null"
_HAND_ON = "update @review_hold using ttl ? set who = ? where id = ? if who = ?"

Slot = tuple[date, int]


def slot_of(record_id: UUID) -> Slot:
    """The day of an id and its ten minutes of that day."""
    day, bucket = partition(record_id)
    return day, bucket // 8


def statements(session: Session, record: Record) -> list[tuple[Any, ...]]:
    """What is written for the review when a record is kept; each statement may be repeated, in any order."""
    written: list[tuple[Any, ...]] = []
    if record.withdraws is not None:
        written += _again(session, record)
    elif record.label_of is not None and record.of_number is None:
        written.append((_SAID, timestamp(record.id), True, *slot_of(record.label_of), record.label_of))
    if reasons(record):
        day, slot = slot_of(record.id)
        written.append((_WAITS, day, slot, record.id, record.written, timestamp(record.id)))
        written.append((_LIST, day.year, day, slot))
    return written


def _again(session: Session, withdrawal: Record) -> list[tuple[Any, ...]]:
    """What has a reading wait again whose last label is withdrawn.

    Where the reading itself is not kept yet, `lease` finds out whether it needs a person.
    """
    of = withdrawal.label_of
    if of is None or withdrawal.of_number is not None:
        return []
    for [kept] in session.rows(session.start("select kept from @merged where id = ?", of)):
        of = kept
    reading = get(session, of)
    if (reading is not None and not reasons(reading)) or standing(pointers(session, [of])[of]):
        return []
    day, slot = slot_of(of)
    return [(_SAID, timestamp(withdrawal.id), False, day, slot, of), (_LIST, day.year, day, slot)]


def forget(record_id: UUID) -> list[tuple[Any, ...]]:
    """What is written when a record is erased that waits: it does so no more, and what it was read as is not kept."""
    place = (*slot_of(record_id), record_id)
    return [(_DONE, *place), (_NUMBER, timestamp(record_id), *place)]


def unreviewed(session: Session, before: UUID, limit: int, digit: str | None) -> Unreviewed:
    """Those of ids smaller than `before` that wait, newest first; see `Store.unreviewed`."""
    found: list[UUID] = []
    looked = 0
    for day, slot in _slots(session, before):
        waiting = (day, slot) == slot_of(before)  # of which only a part is looked at here
        for record_id, number, done in session.rows(session.start(_ROWS, day, slot, before, fetch_size=500)):
            looked += 1
            if not done:
                waiting = True
                if digit in (None, number):
                    found.append(record_id)
            if len(found) == limit or looked == LOOK:
                return Unreviewed(found, record_id)
        if not waiting:
            _unlist(session, day, slot)
    return Unreviewed(found, None)


def _slots(session: Session, before: UUID) -> Iterator[Slot]:
    day, slot = slot_of(before)
    months = session.rows(session.start("select month from @month where shelf = 0"))
    for year in sorted({month // 100 for [month] in months if month // 100 <= day.year}, reverse=True):
        for found, at in session.rows(session.start(_SLOTS, year, day, slot, fetch_size=50)):
            yield found.date(), at


def _unlist(session: Session, day: date, slot: int) -> None:
    """Take a finished partition from the list, unless it was listed not long ago: a late record may follow."""
    until = time.time() - SETTLED
    if (day - date(1970, 1, 1)).days * 86_400 + (slot + 1) * 600 < until:
        session.run(_UNLIST, int(until * 1_000_000), day.year, day, slot)


def lease(session: Session, ids: Sequence[UUID], who: str, seconds: float, most: int) -> list[Record]:
    """Give some that wait to `who`; see `Store.hold`."""
    held: list[Record] = []
    for at in range(0, len(ids), most):
        group = ids[at : at + most]
        holders = [session.start(_HOLDER, each) for each in group]
        for each, holder in zip(group, holders, strict=True):
            row = holder.result().one()
            if _take(session, each, row[1] if row else None, who, who, int(seconds)):
                record = _waiting(session, each)
                held += [record] if record else []
            if len(held) == most:
                return held
    return held


def skip(session: Session, record_id: UUID, who: str, seconds: float) -> None:
    """Give what `who` holds to nobody for so long."""
    row = session.run(_HOLDER, record_id).one()
    _take(session, record_id, row[1] if row else None, who, NOBODY, max(1, int(seconds)))  # 0 would be for good


def _take(session: Session, record_id: UUID, holder: str | None, who: str, heir: str, seconds: int) -> bool:
    """Make what nobody holds, or `who` does, the heir's; whether it is."""
    if holder is None:
        other = session.compare_and_set(_CLAIM, seconds, heir, record_id, look=_HOLDER, key=record_id)
    elif holder == who:
        other = session.compare_and_set(_HAND_ON, seconds, heir, record_id, who, look=_HOLDER, key=record_id)
    else:
        return False
    return other is None or other[-1:] == (heir,)


def _waiting(session: Session, record_id: UUID) -> Record | None:
    """The record, if it still waits. One that was labelled under a merged id, or erased, is marked as done now.

    Not so one that is not there yet: its upload writes it beside the row that waits.
    """
    slot = slot_of(record_id)
    asked = session.start(_ROW, *slot, record_id), session.start(GET, *partition(record_id), record_id)
    named = standing(pointers(session, [record_id])[record_id])
    row, found = (one.result().one() for one in asked)
    if row is None or row[0]:
        return None
    kept = from_row(found) if found else None
    if kept is None and time_of(record_id).timestamp() > time.time() - SETTLED:
        return None
    if kept is None or not reasons(kept) or any(get(session, label.id) for label in named):
        session.run(_DONE, *slot, record_id)
        return None
    return kept
