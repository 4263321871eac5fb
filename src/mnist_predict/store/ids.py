"""Ids of records: time-ordered UUIDs that the client makes."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from threading import Lock
from uuid import UUID

from uuid_utils.compat import uuid7

_SAMPLED = 82  # of the 4096 values that 12 bits have
_LITTLE, _MOST = 10, 7 * 86_400_000  # milliseconds that a clock is set back: less is rounding, more a mistake mended

_start = 0  # milliseconds since 1970 at which the monotonic clock began, by the newest id
_last = UUID(int=0)  # the id made last
_lock = Lock()


def new_id(after: UUID | None = None) -> UUID:
    """A time-ordered id (UUIDv7, RFC 9562) made by the client, so that a repeated write is the same write.

    `after`: the id is greater than this one, whatever the clock says (a label is newer than what it labels). A clock
    that is set back does not make ids older than those that this process has made or seen (`go_on_from`).
    """
    global _last
    with _lock:
        made = uuid7()
        passed = _start + time.monotonic_ns() // 1_000_000
        if _LITTLE < passed - (made.int >> 80) < _MOST:
            made = uuid7(nanoseconds=passed * 1_000_000)
        else:
            go_on_from(made)
        if made <= _last and (_last.int >> 80) - (made.int >> 80) <= _LITTLE:
            made = UUID(int=_last.int + 1 + secrets.randbits(32))  # RFC 9562, section 6.2, method 2
        _last = made
    if after is not None and made <= after:
        made = uuid7(nanoseconds=((after.int >> 80) + 1) * 1_000_000)
    return made


def go_on_from(newest: UUID) -> None:
    """Have new ids of this process be newer than that one."""
    global _start
    begun = (newest.int >> 80) - time.monotonic_ns() // 1_000_000
    if begun > _start or _start - begun > _MOST:
        _start = begun


def first_id(at: datetime) -> UUID:
    """The smallest id that a record of that time can have: where its millisecond begins in the order of ids."""
    return first_of((at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))


def first_of(millisecond: int) -> UUID:
    """The same of a millisecond since 1970. It has the version of all ids, by which Cassandra orders them first."""
    return UUID(int=(millisecond << 80) | (7 << 76) | (2 << 62))


def time_of(record_id: UUID) -> datetime:
    """The time that an id carries, UTC, to the millisecond."""
    return datetime.fromtimestamp((record_id.int >> 80) / 1000, UTC)


def in_sample(record_id: UUID) -> bool:
    """Whether a record is of the random sample, 2 % of all: what people say of these tells how good readings are.

    By the random bits of its id, so that everybody agrees on it and nobody keeps a list.
    """
    return record_id.int & 0xFFF < _SAMPLED


def is_for_two(record_id: UUID) -> bool:
    """Whether a reading is for two people to look at, 2 % of all, whatever else it is: so it is known how often they
    agree."""
    return record_id.int >> 12 & 0xFFF < _SAMPLED
