"""A place in the picture -> the number that stands there: what the line networks see in several crops, put together.

How close a strip is cut changes what a network sees in it, and its mistakes are not the same in each crop, nor are
those of two networks: the mean of their probabilities is right more often than any one of them, and knows better how
sure it is. So the networks look at the crops by turns (L. Hansen, P. Salamon, PAMI 1990 for networks that vote).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, pairwise

import numpy as np
import numpy.typing as npt

from mnist_predict.reading import Box
from mnist_predict.vision.decode import align, best_path, candidates, scores
from mnist_predict.vision.expect import Expectation
from mnist_predict.vision.layout import APART
from mnist_predict.vision.line import FRAME, Frames, Grey, LineReader, cut

MARGINS = (0.1, 0.3)  # around the ink, times its height
HALF = 0.35  # of a digit's width, times its height
TRIMMED = 16  # of a whole picture's height, the part that is also cut off above and below
CLEAR = 0.9  # probability of a text, from which no more crops are looked at where others say the same
AGREES = 20.0  # how much likelier a digit is that stands alone and is known to the digit network too


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands in one place: `text` and its log-probability; `log_empty`: that of there being no digit at all;
    `log_fit`: that of all that is expected, 0 where nothing is. `spans`: the columns of the picture (left, right)
    from which each digit was read; `probabilities` (n, 10)."""

    text: str
    log_probability: float
    log_empty: float
    log_fit: float
    spans: tuple[tuple[float, float], ...]
    probabilities: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _View:
    frames: Frames
    left: int  # column of the picture at which the strip begins
    step: float  # columns of the picture that a frame speaks for


def crops(box: Box, size: tuple[int, int], whole: bool) -> list[Box]:
    """The crops of a picture (w, h) to look at for what is written in `box`, in this order; `whole`: the picture is one
    of them, once as it is and once a little closer.

    Where the ink begins at an edge of the picture they reach beyond it: paper is supposed to go on there.
    """
    width, height = size
    found = []
    for margin in MARGINS:
        by = max(round(margin * box.h), 1)
        left, top = (start - by if start == 0 else max(start - by, 0) for start in (box.x, box.y))
        right, bottom = (
            end + by if end == edge else min(end + by, edge) for end, edge in ((box.right, width), (box.bottom, height))
        )
        found.append(Box.between(left, top, right, bottom))
    if whole:  # by turns: two crops of a kind err alike
        found = [crop for both in zip(entire(size), found, strict=True) for crop in both]
    return found


def entire(size: tuple[int, int]) -> list[Box]:
    """The crops of a picture (w, h) to look at where all of it may be one number."""
    (width, height), by = size, size[1] // TRIMMED
    return [Box(0, 0, width, height), Box(0, by, width, height - 2 * by)]


def parted(box: Box, spans: Sequence[tuple[float, float]]) -> list[Box]:
    """A box of digits seen in these columns; or one for each number in it, where two are as far apart as numbers are.

    Layout cannot tell them: a ruled line that runs through all of them makes them one stroke.
    """
    # Where the whole picture is looked at, a digit may be seen beside the box.
    middles = [min(max((left + right) / 2, box.x), box.right) for left, right in spans]
    groups = [middles[:1]]
    for before, middle in pairwise(middles):
        if middle - before > (APART + 2 * HALF) * box.h:
            groups.append([])
        groups[-1].append(middle)
    if len(groups) == 1:
        return [box]
    beside = 2 * HALF * box.h
    edges = [(max(int(group[0] - beside), box.x), min(int(group[-1] + beside), box.right)) for group in groups]
    return [Box.between(left, box.y, right, box.bottom) for left, right in edges]


def read_number(
    lines: Sequence[LineReader],
    grey: Grey,
    paper: int,
    places: Sequence[Box],
    alone: str,
    expected: Expectation | None,
) -> Seen | None:
    """The number that these crops of grey pixels (h, w) show, however unlikely; None where none is possible at all.

    `paper`: the grey level of what lies beyond the picture. `alone`: the digit that the digit network is sure of,
    where the strokes hang together as one and nothing is expected, or so many 1 where all are bare strokes; else empty.
    """
    views: list[_View] = []
    clear = None
    for line, place in zip(cycle(lines), places, strict=False):
        views.append(_look(line, grey, paper, place))
        clear = _clear(views, alone) if expected is None else None
        if clear:
            break
    found = [([clear[0]], 0.0)] if clear else [candidates(view.frames, expected) for view in views]
    texts = list(dict.fromkeys(text for one, _ in found for text in one if text))
    if alone and alone not in texts:
        texts.append(alone)
    if not texts:
        return None
    # (views, texts and none)
    each = clear[1] if clear and texts == [clear[0]] else scores([view.frames for view in views], [*texts, ""])
    mean = _mean(each)
    if mean[:-1].max() == -math.inf:
        return None
    if alone in texts:
        known = texts.index(alone)
        likelier = AGREES ** len(alone)
        total = math.log1p((likelier - 1) * math.exp(float(mean[known])))
        mean[known] += math.log(likelier)
        mean -= total
    first = int(np.argmax(mean[:-1]))
    view = views[int(np.argmax(each[:, first]))]
    spans, probabilities = align(view.frames, texts[first])
    return Seen(
        texts[first],
        float(mean[first]),
        float(mean[-1]),
        0.0 if expected is None else float(_mean(np.array([log_fit for _, log_fit in found]))),
        tuple((view.left + start * view.step, view.left + end * view.step) for start, end in spans),
        probabilities,
    )


def _clear(views: Sequence[_View], alone: str) -> tuple[str, npt.NDArray[np.float64]] | None:
    """What these crops say so surely that others would change nothing, two of them alike, or one and the digit network;
    and the log-probabilities (views, 2) of it and of none."""
    paths = {best_path(view.frames) for view in views}
    if len(paths) > 1 or (len(views) == 1 and paths != {alone}):
        return None
    text = paths.pop()
    if not text:
        return None
    each = scores([view.frames for view in views], [text, ""])
    return (text, each) if each[:, 0].min() > math.log(CLEAR) else None


def _mean(logs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of probabilities, along the first axis."""
    return np.asarray(np.logaddexp.reduce(logs, axis=0) - math.log(len(logs)))


def _look(line: LineReader, grey: Grey, paper: int, place: Box) -> _View:
    strip = cut(grey, paper, place)
    return _View(line.frames(strip), place.x, place.w / strip.shape[1] * FRAME)
