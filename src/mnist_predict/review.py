"""The review: what most needs a person is given out, a few readings at a time, and each of them to one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_urlsafe
from uuid import UUID

from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record

HOLD = 120.0  # seconds that a reading is one person's
ASIDE = 600.0  # seconds that nobody is given what was skipped
MOST_COUNTED = 200
_TOGETHER = 50  # waiting readings asked for at a time: as many as several people may hold
_LOOKS = 5  # times that the store is asked, at most


@dataclass(frozen=True, slots=True)
class Given:
    """What a person is given; `older`: the id below which was not looked any more, None where everything was."""

    records: list[Record]
    older: UUID | None


@dataclass(frozen=True, slots=True)
class Left:
    """How many readings wait, held ones too; `more`: there may be more that were not counted."""

    count: int
    more: bool


def new_reviewer() -> str:
    """What tells one person at work from another; as long as a page is open."""
    return token_urlsafe(9)


def give(store: Store, who: str, most: int, keep: Sequence[UUID] = (), digit: str | None = None) -> Given:
    """What `who` holds of `keep`, for longer, then what else waits and is free, up to `most`, newest first.

    `digit`: only readings of this one digit. Raises `StoreUnavailable`.
    """
    held = store.hold(keep, who, HOLD, len(keep)) if keep else []
    older: UUID | None = None
    for _ in range(_LOOKS):
        if len(held) >= most:
            break
        found = store.unreviewed(older, _TOGETHER, digit)
        free = [each for each in found.ids if each not in keep]
        if free:
            held += store.hold(free, who, HOLD, most - len(held))
        older = found.older
        if older is None:
            break
    return Given(held, older)


def put_aside(store: Store, who: str, record_id: UUID) -> None:
    """Skip what `who` holds: nobody is given it for a while, then it waits as before."""
    store.set_aside(record_id, who, ASIDE)


def left(store: Store) -> Left:
    """How many readings wait, counted up to a bound."""
    found = store.unreviewed(limit=MOST_COUNTED)
    return Left(len(found.ids), found.older is not None)
