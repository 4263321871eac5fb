"""Records, and a process that keeps them: `python store_examples.py URL COUNT` prints what was kept."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from threading import Lock
from typing import Any
from uuid import UUID

from mnist_predict.reading import Box, Digit, Number, Reading, digits_of
from mnist_predict.store.ids import in_sample, new_id
from mnist_predict.store.opening import open_store
from mnist_predict.store.record import Record

SEVEN = Digit(7, Box(3, 4, 20, 28), (0.0, 0.01, 0.02, 0.0, 0.0, 0.0, 0.0, 0.95, 0.015, 0.005))
READING = Reading((Number("77", 0.9025, 0, Box(3, 4, 44, 28), (SEVEN, SEVEN)),), 0, ("a little dark",), "v1-abc")


def record_of(picture: bytes | None = None, number: str = "77", **changes: Any) -> Record:
    """A record of that picture with a number as it is written, read as 77, unless `changes` say otherwise."""
    fields: dict[str, Any] = {
        "id": new_id(),
        "image_name": "seven.png",
        "written": number,
        "source": "upload",
        "sha256": sha256(picture).hexdigest() if picture is not None else None,
        "reading": READING,
    }
    return Record(**(fields | changes))


def plain_id() -> UUID:
    """An id that is not of the random sample."""
    while in_sample(made := new_id()):
        pass
    return made


def read_as(text: str, confidence: float) -> Record:
    """A record whose picture was read so, by digits that are all as sure as that takes."""
    each = round(confidence ** (1 / len(digits_of(text))), 6)
    digits = tuple(
        replace(SEVEN, value=int(c), probabilities=(0.0,) * int(c) + (each,) + (0.0,) * (9 - int(c)))
        for c in digits_of(text)
    )
    number = replace(READING.numbers[0], written=text, confidence=confidence, digits=digits)
    return record_of(b"picture", id=plain_id(), number=text, reading=replace(READING, numbers=(number,)))


def unsure(text: str = "7") -> Record:
    return read_as(text, 0.6)


def label_of(record: Record, number: str = "7") -> Record:
    changes = {"id": new_id(after=record.id), "written": number, "source": "hand", "reading": None}
    return replace(record, label_of=record.id, key=None, **changes)


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """What the condition says as soon as it is something; fails when it is not in time."""
    give_up = time.monotonic() + seconds
    while not (met := condition()):
        assert time.monotonic() < give_up, "it did not come to that"
        time.sleep(0.02)
    return met


def keep(url: str, count: int) -> None:
    """Keep `count` records from eight threads; print each id when it was acknowledged."""
    store = open_store(url)
    one_at_a_time = Lock()

    def keep_some(first: int) -> None:
        for i in range(first, count, 8):
            picture = b"picture %d" % i
            kept = store.add(record_of(picture, image_name=f"{i}.png", key=f"key {i}"), picture)
            with one_at_a_time:
                print(kept.id, kept.sha256, flush=True)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(keep_some, range(8)))
    store.close()


if __name__ == "__main__":
    keep(sys.argv[1], int(sys.argv[2]))
