"""Remains of a frame: the lines of a form, a grid or a page's edge along the border of a picture.

They are left where a cell was cut out of a grid: long and thin, they keep to a band along the border, and run
out of the picture. A 1 at the end of a tightly cropped number keeps to the border too, but is no taller than its
neighbours.
"""

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.reading import Box, union

SIDE = 0.5  # of a side of the picture, the part that surroundings take
BROAD = 3.0  # how much broader they are than strokes
SMALLEST = 32  # pixels; in smaller pictures a band along the border is as wide as a stroke
BAND = 0.18  # width of the band, times the picture's shorter side
LONG = 3.0  # length over width of a line
SIDES = 0.06  # width of the band along the sides of a box that its lines keep to, times its shorter side
BEYOND = 0.12  # how much further than the writing a line runs out, times the writing's length ...
BOTH = 0.03  # ... and how much where it runs out at both ends
AS_TALL = 0.9  # height of upright strokes over that of one along the border, from which it is one of them
ROW = 1.5  # pictures wider than this, times their height, hold a row of digits and not a cell


def surroundings(labels: npt.NDArray[np.int32], stats: npt.NDArray[np.int32]) -> list[int]:
    """Which parts lie around a page on a photograph: the table, a shadow, another page. `labels` (h, w) int32 of all
    pixels, 0 without ink; `stats` as of `components`.

    They fill a corner of the picture and a good part of a side, and are far broader than any stroke of what is left.
    """
    height, width = labels.shape
    if min(height, width) < SMALLEST:
        return []
    corners = {int(labels[y, x]) for y in (0, -1) for x in (0, -1)} - {0}
    wide, tall = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    found = [i for i in corners if wide[i] >= SIDE * width or tall[i] >= SIDE * height]
    if not found:
        return []
    around = np.isin(labels, found)
    broad, stroke = (_breadth(part) for part in (around, (labels > 0) & ~around))
    return found if 0 < BROAD * stroke <= broad else []


def _breadth(mask: npt.NDArray[np.bool_]) -> float:
    """Half the breadth of the broadest stroke."""
    return float(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3).max())


def without_boxes(parts: dict[int, Box], labels: npt.NDArray[np.int32]) -> dict[int, Box]:
    """The parts (label -> box) that are no box drawn around others; `labels` (h, w) int32 of all pixels."""
    return {i: box for i, box in parts.items() if not _is_box(i, box, parts, labels)}


def _is_box(part: int, box: Box, parts: dict[int, Box], labels: npt.NDArray[np.int32]) -> bool:
    """Whether a part keeps to the sides of its box, which a round 0 does not, and has something written in it."""
    x, y, w, h = box
    if not any(x < o.x and y < o.y and o.right < x + w and o.bottom < y + h and o.h >= 0.2 * h for o in parts.values()):
        return False
    own = labels[box.slices] == part
    side = max(3, round(SIDES * min(w, h)))
    return int(own[side:-side, side:-side].sum()) <= 0.1 * int(own.sum())


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
