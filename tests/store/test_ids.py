"""Ids of records go on in time, whatever the clock says."""

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from mnist_predict.store import ids
from mnist_predict.store.ids import go_on_from, new_id, time_of

Clock = Callable[[timedelta], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets the clock by which ids are made forward, or back; nothing of it stays."""
    monkeypatch.setattr(ids, "_start", 0)

    def put(by: timedelta) -> None:
        def made(nanoseconds: int | None = None) -> UUID:
            return uuid7(nanoseconds=nanoseconds or time.time_ns() + int(by / timedelta(microseconds=1)) * 1000)

        monkeypatch.setattr(ids, "uuid7", made)

    return put


def test_a_clock_that_is_set_back_makes_no_older_ids(clock: Clock) -> None:
    before = new_id()
    clock(timedelta(days=-2))
    time.sleep(0.02)
    assert time_of(before) < time_of(new_id()) < time_of(before) + timedelta(minutes=1)


def test_ids_are_newer_than_what_the_store_has(clock: Clock) -> None:
    newest = uuid7(nanoseconds=time.time_ns() + 2 * 86_400 * 10**9)
    go_on_from(newest)
    time.sleep(0.02)
    assert newest < new_id()


def test_a_clock_that_was_years_ahead_is_not_followed(clock: Clock) -> None:
    clock(timedelta(days=3000))
    wrong = new_id()
    clock(timedelta(0))
    assert time_of(new_id()) < time_of(wrong) - timedelta(days=2999)


def test_ids_grow_while_the_clock_is_set_back_a_little_again_and_again(clock: Clock) -> None:
    made = [new_id()]
    for milliseconds in range(0, 40, 2):
        clock(timedelta(milliseconds=-milliseconds))
        made += [new_id() for _ in range(50)]
    assert all(earlier < later for earlier, later in pairwise(made))
    assert {one.version for one in made} == {7}
