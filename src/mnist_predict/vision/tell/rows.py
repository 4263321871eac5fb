"""What stands on a page, in the order in which people read it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from mnist_predict.reading import Box

SIDE_BY_SIDE = 0.4  # share of the lower of two boxes that is beside the other

T = TypeVar("T")


def in_rows(things: Sequence[T], box: Callable[[T], Box]) -> list[list[T]]:
    """Rows from top to bottom, each from left to right: what stands side by side, as far as it climbs or falls."""
    rows: list[list[T]] = []
    for thing in sorted(things, key=lambda one: box(one).x):
        shares = [_beside(box(row[-1]), box(thing)) for row in rows]
        best = max(range(len(rows)), key=shares.__getitem__, default=None)
        if best is not None and shares[best] >= SIDE_BY_SIDE:
            rows[best].append(thing)
        else:
            rows.append([thing])
    return sorted(rows, key=lambda row: sum(box(one).y + box(one).bottom for one in row) / len(row))


def _beside(one: Box, other: Box) -> float:
    """The share of the lower of the two that is as high up as the other; 0 where they stand above each other."""
    return 0.0 if other.x < one.center_x else one.overlap_y(other) / min(one.h, other.h)
