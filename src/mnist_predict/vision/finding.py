"""What the page network sees and what the rules of `layout` find, put together: the places that are read.

The network knows what is a line of digits; the ink tells more exactly where a line ends. So a box of the ink stays
where the network sees the same line, and what only the rules find is none.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from mnist_predict.reading import Box
from mnist_predict.vision.layout import DigitInk
from mnist_predict.vision.page import SURE, Line

ALIKE = 0.6  # share of a box of the ink within a line from which it is that of the line ...
ALL = 0.8  # ... where it also takes in so much of the core of the line
INSIDE = 0.5  # share of the core of a line within a box of the ink from which it is seen there
LEVEL = math.radians(30)  # a line that runs more at a slant is not cut out straight
ROW = 0.4  # share of the lower of two lines from which they stand in one row


class Found(NamedTuple):
    """A box to read, the digits that the ink falls apart into there, whether ink and network agree on it, and where the
    network alone sees it the probability that it is a line of digits."""

    box: Box
    digits: tuple[DigitInk, ...]
    agreed: bool
    score: float = 1.0


def put_together(inked: Sequence[Found], lines: Sequence[Line], size: tuple[int, int]) -> list[Found]:
    """The places on a picture (w, h), in reading order."""
    near = [(line, box) for line in lines if level(line) and (box := _clipped(line.box, size)) is not None]
    left = {at for at, (line, _) in enumerate(near) if line.score >= SURE}
    if not left and len(inked) == 1:
        return list(inked)
    kept = []
    for found in inked:
        within = [at for at, (line, _) in enumerate(near) if _share(line.core, found.box) >= INSIDE]
        if len(within) == 1 and _alike(found.box, *near[within[0]]):
            kept.append(found._replace(agreed=True))
            left.discard(within[0])
    kept += [Found(near[at][1], (), False, near[at][0].score) for at in left]
    return in_order(kept)


def level(line: Line) -> bool:
    """Whether a line is read from left to right."""
    return abs(line.angle) <= LEVEL


def in_order(found: Sequence[Found]) -> list[Found]:
    """Row by row, and from left to right in each."""
    rows: list[list[Found]] = []
    for one in sorted(found, key=lambda one: one.box.y + one.box.h / 2):
        for row in rows:
            last = row[-1].box
            if last.overlap_y(one.box) >= ROW * min(last.h, one.box.h):
                row.append(one)
                break
        else:
            rows.append([one])
    return [one for row in rows for one in sorted(row, key=lambda one: one.box.x)]


def _clipped(box: Box, size: tuple[int, int]) -> Box | None:
    left, top = max(box.x, 0), max(box.y, 0)
    right, bottom = min(box.right, size[0]), min(box.bottom, size[1])
    return Box.between(left, top, right, bottom) if right - left > 2 and bottom - top > 2 else None


def _share(box: Box, of: Box) -> float:
    """How much of a box lies in another."""
    return box.overlap(of) / max(box.w * box.h, 1)


def _alike(inked: Box, line: Line, box: Box) -> bool:
    """Whether a box of the ink is that of a line with this box: it takes in all of it, and little else."""
    return _share(line.core, inked) >= ALL and _share(inked, box) >= ALIKE
