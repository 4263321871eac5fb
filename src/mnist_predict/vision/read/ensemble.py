"""A place in the picture -> what is written there: what the line network sees in several crops, put together.

How close a strip is cut changes what a network sees in it, and its mistakes are not the same in each crop: the mean of
the probabilities is right more often than any of them, and knows better how sure it is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mnist_predict.reading import Box
from mnist_predict.vision.find.layout import APART
from mnist_predict.vision.read.alphabet import CURRENCY, DIGITS, INDEX, MARKS, OTHER, STRUCK
from mnist_predict.vision.read.ctc import Frames, align, best_path, candidates, folded, scores
from mnist_predict.vision.read.expect import Expectation
from mnist_predict.vision.read.line import FRAME, Grey, LineReader, cut

MARGINS = (0.1, 0.3)  # around the ink, times its height
HALF = 0.35  # of a digit's width, times its height
TRIMMED = 16  # of a whole picture's height, the part that is also cut off above and below
CLEAR = 0.7  # probability of a text, from which no more crops are looked at where others say the same
READ = DIGITS + MARKS + CURRENCY + STRUCK  # other strokes are as good as blank
LONGEST = 200  # symbols of a line; what says more is a texture
AGREES = 20.0  # how much likelier a digit is that stands alone and is known to the digit network too


@dataclass(frozen=True, slots=True)
class LineReading:
    """What stands in one place: `text`, over `symbols`, and its log-probability.

    `log_empty`: the log-probability of there being no digit at all; `log_fit`: that of all that is expected, None
    where nothing is. `spans`: the columns of the picture (left, right) from which each symbol was read;
    `probabilities` (n, K): of all symbols in its place; `walls` (n,): that the wall of a column stands before it, where
    it is a digit behind a digit, else 0.
    """

    text: str
    symbols: str
    log_probability: float
    log_empty: float
    log_fit: float | None
    spans: tuple[tuple[float, float], ...]
    probabilities: npt.NDArray[np.float64]
    walls: npt.NDArray[np.float64]

    @property
    def labels(self) -> list[int]:
        """Where each symbol of the text is among `symbols`."""
        return [self.symbols.index(symbol) for symbol in self.text]


@dataclass(frozen=True, slots=True)
class _View:
    frames: Frames
    strokes: npt.NDArray[np.float32]  # the probability (T,) that another stroke stands there
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


def read_line(
    reader: LineReader,
    grey: Grey,
    paper: int,
    places: Sequence[Box],
    known: str,
    expected: Expectation | None,
) -> LineReading | None:
    """What these crops of grey pixels (h, w) show, however unlikely; None where no digit is possible at all.

    `paper`: the grey level of what lies beyond the picture. `known`: the digit that the digit network is sure of,
    where the strokes hang together as one and nothing is expected, or so many 1 where all are bare strokes; else empty.
    """
    symbols = READ if expected is None else expected.symbols
    views: list[_View] = []
    clear = None
    for place in places:
        views.append(_look(reader, grey, paper, place, symbols))
        clear = _clear(views, known, symbols) if expected is None else None
        if clear:
            break
    # Freely read, the best path of each crop is enough: with more of what each may say, nothing is read better.
    found = [
        ([best_path(view.frames, symbols)], None) if expected is None else candidates(view.frames, symbols, expected)
        for view in views
    ]
    said = [text for one, _ in found for text in one if len(text) <= LONGEST]
    texts = list(dict.fromkeys(text for text in said if any(map(str.isdecimal, text))))
    if known and known not in texts:
        texts.append(known)
    if not texts:
        return None
    # (views, texts)
    each = clear[1] if clear and texts == [clear[0]] else scores([view.frames for view in views], texts, symbols)
    mean = _mean(each)
    if mean.max() == -math.inf:
        return None
    log_empty = float(_mean(np.array([_log_empty(view.frames) for view in views])))
    if known in texts:
        at = texts.index(known)
        others = math.log1p(-min(math.exp(mean[at]), 1 - 1e-12))
        mean[at] += len(known) * math.log(AGREES)
        total = float(np.logaddexp(mean[at], others))
        mean -= total
        log_empty -= total
    first = int(np.argmax(mean))
    view = views[int(np.argmax(each[:, first]))]
    spans, probabilities = align(view.frames, texts[first], symbols)
    log_fits = [log_fit for _, log_fit in found if log_fit is not None]
    return LineReading(
        texts[first],
        symbols,
        float(mean[first]),
        log_empty,
        float(_mean(np.array(log_fits))) if log_fits else None,
        tuple((view.left + start * view.step, view.left + end * view.step) for start, end in spans),
        probabilities,
        _walls(texts[first], spans, view.strokes),
    )


def _walls(text: str, spans: Sequence[tuple[int, int]], strokes: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    walls = np.zeros(len(text))
    for at, ((_, end), (start, _)) in enumerate(pairwise(spans), 1):
        if text[at - 1 : at + 1].isdecimal():
            walls[at] = strokes[end:start].max(initial=0.0)
    return walls


def _clear(views: Sequence[_View], known: str, symbols: str) -> tuple[str, npt.NDArray[np.float64]] | None:
    """What these crops say so surely that others would change nothing, two of them alike, or one and the digit network;
    and its log-probability in each of them (views, 1)."""
    paths = {best_path(view.frames, symbols) for view in views}
    if len(paths) > 1 or (len(views) == 1 and paths != {known}):
        return None
    text = paths.pop()
    if not text:
        return None
    each = scores([view.frames for view in views], [text], symbols)
    return (text, each) if each.min() > math.log(CLEAR) else None


def _log_empty(frames: Frames) -> float:
    """The log-probability that no frame of log-probabilities (T, K + 1) begins or goes on with a digit."""
    digits = np.exp(frames[:, : len(DIGITS)]).sum(axis=1, dtype=np.float64)
    return float(np.log1p(-np.minimum(digits, 1 - 1e-9)).sum())


def _mean(logs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of probabilities, along the first axis."""
    return np.asarray(np.logaddexp.reduce(logs, axis=0) - math.log(len(logs)))


def _look(reader: LineReader, grey: Grey, paper: int, place: Box, symbols: str) -> _View:
    strip = cut(grey, paper, place)
    frames = reader.frames(strip)
    strokes = np.exp(frames[:, INDEX[OTHER]])
    return _View(folded(frames, symbols), strokes, place.x, place.w / strip.shape[1] * FRAME)
