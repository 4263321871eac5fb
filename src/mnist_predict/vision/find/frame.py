"""Remains of a frame: the lines of a form, a grid or a page's edge along the border of a picture.

They are left where a cell was cut out of a grid: long and thin, they keep to a band along the border, and run
out of the picture. A 1 at the end of a tightly cropped number keeps to the border too, but is no taller than its
neighbours.
"""

import numpy as np
import numpy.typing as npt

from mnist_predict.reading import Box, union

SMALLEST = 32  # pixels; in smaller pictures a band along the border is as wide as a stroke
BAND = 0.18  # width of the band, times the picture's shorter side
LONG = 3.0  # length over width of a line
BEYOND = 0.12  # how much further than the writing a line runs out, times the writing's length ...
BOTH = 0.03  # ... and how much where it runs out at both ends
AS_TALL = 0.9  # height of upright strokes over that of one along the border, from which it is one of them
ROW = 1.5  # pictures wider than this, times their height, hold a row of digits and not a cell


def without_frame(parts: dict[int, Box], labels: npt.NDArray[np.int32]) -> dict[int, Box]:
    """The parts (label -> box) that are not remains of a frame; `labels` (h, w) int32 of all pixels."""
    height, width = labels.shape
    if min(height, width) < SMALLEST:
        return parts
    band = round(BAND * min(height, width))
    inside = np.bincount(labels[band:-band, band:-band].ravel(), minlength=int(labels.max()) + 1)
    within = {i: box for i, box in parts.items() if inside[i] <= 0.1 * max(box.w, box.h)}
    if not within:
        return parts
    rest = [box for i, box in parts.items() if i not in within]
    if not rest or max(box.h for box in rest) < 0.2 * height:
        return parts  # nothing else is there: this is the writing
    written = union(rest)
    strokes = all(box.h >= LONG * box.w for box in rest)
    rim = np.bincount(
        np.concatenate([labels[:2].ravel(), labels[-2:].ravel(), labels[:, :2].ravel(), labels[:, -2:].ravel()]),
        minlength=len(inside),
    )
    return {
        i: box
        for i, box in parts.items()
        if i not in within or not _is_line(box, written, int(rim[i]), strokes, width, height)
    }


def _is_line(box: Box, written: Box, rim: int, strokes: bool, width: int, height: int) -> bool:
    """`rim`: how many of its pixels lie in the outermost two rows and columns; `strokes`: the writing is nothing but
    upright strokes."""
    _, _, w, h = box
    if max(w / width, h / height) < 0.2:
        return False
    if min(w / width, h / height) > 0.3:
        return True  # turns a corner
    if w >= LONG * h:
        return w >= 0.8 * width  # shorter ones may be the flag of a 5
    along = rim >= 0.6 * h and not (strokes and written.h >= AS_TALL * h)
    return h >= LONG * w and width <= ROW * height and (along or _runs_out(box, written, height))


def _runs_out(line: Box, written: Box, height: int) -> bool:
    """Whether an upright line leaves the picture where the writing does not reach."""
    above = (written.y - line.y) / written.h if line.y <= 0.02 * height else 0.0
    below = (line.bottom - written.bottom) / written.h if line.bottom >= 0.98 * height else 0.0
    return max(above, below) > BEYOND or min(above, below) > BOTH
