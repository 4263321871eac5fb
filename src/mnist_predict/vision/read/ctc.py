"""Log-probabilities of a strip -> the best text, the second best, and where and how surely each symbol stands.

The network gives, for each of T narrow slices of a strip (frames), the probability of each of K symbols and of "no
symbol begins here" (blank, the last of K + 1 classes). A text's probability is the sum over all ways to spread it
over the frames: connectionist temporal classification (A. Graves, S. Fernandez, F. Gomez, J. Schmidhuber, ICML 2006).
The best text is looked for by prefix beam search (A. Hannun, A. Maas, D. Jurafsky, A. Ng, arXiv 1408.2873). Where
something is expected, each prefix is judged with the exact probability that the frames to come complete it to a text
that fits, so that a narrow beam finds what fits however unlikely it is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mnist_predict.errors import BadRequest
from mnist_predict.vision.read.alphabet import CLASSES, INDEX
from mnist_predict.vision.read.expect import Expectation

WIDTH = 8  # prefixes that are followed
CANDIDATES = 4  # texts whose probability is computed in full
LEAST = 1e-7  # prefixes less likely than this, times the likeliest, are dropped
MOST_AHEAD = 1_500_000  # frames x states: a tenth of a second, and 40 bytes each
FLOOR = 1e-3  # without an expectation, a symbol less likely than this in a frame is not begun there

_Prefix = tuple[float, float, int]  # probability with a blank last, with its symbol last; state of the automaton
Floats = npt.NDArray[np.float64]
Frames = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a strip says.

    `runner_up` is the second best text, None where no other was found. `spans`: for each symbol the frames
    (start, end) that it takes in the likeliest alignment. `probabilities` (n, K): for each place all symbols, given
    the other places. `log_fit`: the log-probability that what stands there fits what is expected, None where nothing
    is; `exp(log_probability - log_fit)` is the probability of the text among those that fit.
    """

    text: str
    log_probability: float
    runner_up: str | None
    runner_up_log_probability: float
    spans: tuple[tuple[int, int], ...]
    probabilities: Floats
    log_fit: float | None


def decode(log_probabilities: Frames, symbols: str, expected: Expectation | None = None) -> Decoded | None:
    """The best text over `symbols` in log-probabilities (T, K + 1); None where no text that fits is possible at all."""
    texts, log_fit = candidates(log_probabilities, symbols, expected)
    if not texts:
        return None
    totals = scores([log_probabilities], texts, symbols)[0]
    best, *others = np.argsort(-totals, kind="stable").tolist()
    if totals[best] == -math.inf:
        return None
    spans, probabilities = align(log_probabilities, texts[best], symbols)
    return Decoded(
        texts[best],
        float(totals[best]),
        texts[others[0]] if others else None,
        float(totals[others[0]]) if others else -math.inf,
        spans,
        probabilities,
        log_fit,
    )


def folded(log_probabilities: Frames, symbols: str) -> Frames:
    """Log-probabilities (T, CLASSES) of the network as (T, K + 1) of these symbols alone: whatever else stands there is
    as good as nothing, so its probability is added to that of blank."""
    kept, rest = _classes(symbols)
    blank = np.logaddexp.reduce(log_probabilities[:, rest], axis=1, keepdims=True)
    return np.concatenate([log_probabilities[:, kept], blank], axis=1)


@lru_cache(maxsize=64)
def _classes(symbols: str) -> tuple[list[int], list[int]]:
    """The classes of these symbols, and all others."""
    kept = [INDEX[symbol] for symbol in symbols]
    return kept, [index for index in range(CLASSES) if index not in kept]


def best_path(log_probabilities: Frames, symbols: str) -> str:
    """The likeliest class of each frame of log-probabilities (T, K + 1), repeats joined and blanks left out."""
    path = log_probabilities.argmax(axis=1)
    begins = (path != len(symbols)) & np.append(True, path[1:] != path[:-1])
    return "".join(symbols[symbol] for symbol in path[begins])


def candidates(
    log_probabilities: Frames, symbols: str, expected: Expectation | None = None
) -> tuple[list[str], float | None]:
    """A few texts in log-probabilities (T, K + 1), the best probably among them, and the log-probability that what
    stands there fits what is expected, None where nothing is; no text where none that fits is possible at all."""
    frames, scale = _units(log_probabilities)
    if expected is None:
        return _beam(frames, symbols, None), None
    ahead = _ahead(frames, expected)
    if ahead.log_fit == -math.inf:
        return [], -math.inf
    return _beam(frames, symbols, ahead), ahead.log_fit + scale


def scores(views: Sequence[Frames], texts: Sequence[str], symbols: str) -> Floats:
    """The log-probability (views, texts) of each text in each of several log-probabilities (T, K + 1)."""
    longest = max(map(len, views))
    strips = np.zeros((len(views), longest, len(symbols) + 1))
    strips[:, :, -1] = 1.0  # behind its end a strip goes on blank, which changes no text
    scales = np.empty((len(views), 1))
    for strip, scale, view in zip(strips, scales, views, strict=True):
        strip[: len(view)], scale[0] = _units(view)
    ways = _ways(np.repeat(strips, len(texts), axis=0), [_indices(text, symbols) for text in texts] * len(views))
    with np.errstate(divide="ignore"):
        totals = np.log([_total(way) for way in ways])
    return np.asarray(totals.reshape(len(views), len(texts)) + scales)


def align(log_probabilities: Frames, text: str, symbols: str) -> tuple[tuple[tuple[int, int], ...], Floats]:
    """Where each symbol of a text stands in log-probabilities (T, K + 1): its frames, and the probabilities of all
    symbols in its place (n, K)."""
    frames, _ = _units(log_probabilities)
    labels = _indices(text, symbols)
    ways, back = _ways(np.stack([frames, frames[::-1]]), [labels, labels[::-1]])
    return _spans(labels, ways), _places(frames, labels, ways, back)


def _indices(text: str, symbols: str) -> list[int]:
    return [symbols.index(symbol) for symbol in text]


def _units(log_probabilities: Frames) -> tuple[Floats, float]:
    """Probabilities (T, K + 1), in each frame in units of its greatest, and the logarithm of all units together."""
    heights = log_probabilities.max(axis=1)
    return np.exp(log_probabilities - heights[:, None], dtype=np.float64), float(heights.sum(dtype=np.float64))


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What the frames to come are worth: `blank` (T + 1, states) after a blank, `written` (T + 1, states, K) after
    that symbol: the probability that a text which fits results, in units of its own in each frame."""

    step: list[list[int]]
    blank: Floats
    written: npt.NDArray[np.float32]
    log_fit: float  # of all frames, before the first


def _ahead(frames: Floats, expected: Expectation) -> _Ahead:
    count, (states, symbols) = len(frames), expected.step.shape
    if count * states > MOST_AHEAD:
        raise BadRequest("That is too much to expect of so long a line. Say less, or send a part of the picture.")
    blank, written = np.zeros((count + 1, states)), np.zeros((count + 1, states, symbols), np.float32)
    blank[-1] = expected.accepting
    written[-1] = expected.accepting[:, None]
    after = written[-1].astype(np.float64)
    taken = np.arange(symbols)
    log_scale = 0.0
    for t in range(count - 1, -1, -1):
        begun = frames[t, :symbols] * after[expected.step, taken]
        blank[t] = frames[t, symbols] * blank[t + 1] + begun.sum(axis=1)
        # A symbol that goes on is no second one: to begin the same again takes a blank between the two.
        after = blank[t][:, None] - begun + frames[t, :symbols] * after
        peak = max(float(blank[t].max()), float(after.max()))
        if peak <= 0.0:
            return _Ahead([], blank, written, -math.inf)
        blank[t] /= peak
        after = np.maximum(after, 0.0) / peak
        written[t] = after
        log_scale += math.log(peak)
    begin = float(blank[0, 0])
    return _Ahead(expected.step.tolist(), blank, written, math.log(begin) + log_scale if begin > 0.0 else -math.inf)


def _beam(frames: Floats, symbols: str, ahead: _Ahead | None) -> list[str]:
    """The likeliest texts (of those that fit), best first, at most `CANDIDATES`."""
    index = {symbol: at for at, symbol in enumerate(symbols)}
    followed: dict[str, _Prefix] = {"": (1.0, 0.0, 0)}
    floor = FLOOR if ahead is None else 0.0
    possible = frames[:, :-1] > floor
    any_possible = [bool(row.any()) for row in possible]
    for t, row in enumerate(frames.tolist()):
        if not any_possible[t] and ahead is None:
            if t and any_possible[t - 1]:
                followed = {text: (rested + written, 0.0, state) for text, (rested, written, state) in followed.items()}
            continue
        begins = [(symbols[at], row[at], at) for at in np.flatnonzero(possible[t]).tolist()]
        blank = row[-1]
        grown: dict[str, _Prefix] = {}
        for text, (rested, written, state) in followed.items():
            last = text[-1:]
            both = rested + written
            goes_on = row[index[last]] * written if last else 0.0
            if text in grown:
                goes_on += grown[text][1]
            grown[text] = blank * both, goes_on, state
            for symbol, share, at in begins:
                begun = share * (rested if symbol == last else both)
                longer = text + symbol
                if longer in grown:
                    one = grown[longer]
                    grown[longer] = one[0], one[1] + begun, one[2]
                elif begun > 0.0:
                    grown[longer] = 0.0, begun, ahead.step[state][at] if ahead else 0
        followed = _best(grown, index, ahead, t + 1, WIDTH)
    return list(_best(followed, index, ahead, len(frames), CANDIDATES))


def _best(
    prefixes: dict[str, _Prefix], index: dict[str, int], ahead: _Ahead | None, t: int, count: int
) -> dict[str, _Prefix]:
    """The likeliest of them, in units of the likeliest."""
    if ahead is None:
        scored = [(one[0] + one[1], text) for text, one in prefixes.items()]
    else:
        blank, written = ahead.blank[t], ahead.written[t]
        scored = [
            (one[0] * blank[one[2]] + (one[1] * written[one[2], index[text[-1]]] if text else 0.0), text)
            for text, one in prefixes.items()
        ]
    scored.sort(reverse=True)
    least = LEAST * scored[0][0]
    best = [(text, prefixes[text]) for score, text in scored[:count] if score > least]
    unit = max((one[0] + one[1] for _, one in best), default=1.0)
    return {text: (one[0] / unit, one[1] / unit, one[2]) for text, one in best}


def _ways(strips: Floats, texts: Sequence[list[int]]) -> list[Floats]:
    """For each strip (T, K + 1) and its text (T, 2n + 1): the probability of all ways to write the text's beginning up
    to each frame, by where they stand: before the first symbol, at it, behind it, and so on."""
    length = 2 * max(map(len, texts)) + 1
    labels = np.full((length, len(texts)), strips.shape[2] - 1)
    for column, text in zip(labels.T, texts, strict=True):
        column[1 : 2 * len(text) : 2] = text
    skips = np.zeros(labels.shape)  # from symbol to symbol without a blank between
    skips[3::2] = labels[3::2] != labels[1:-2:2]
    written = np.ascontiguousarray(strips.transpose(1, 2, 0)[:, labels, np.arange(len(texts))])
    out = np.zeros((len(written) + 1, length + 2, len(texts)))  # two states more, so that each has two before it
    out[0, 2] = 1.0
    for before, after, here in zip(out, out[1:, 2:], written, strict=False):
        np.multiply(before[:-2], skips, out=after)
        after += before[1:-1]
        after += before[2:]
        after *= here
    return [out[1:, 2 : 2 * len(text) + 3, i] for i, text in enumerate(texts)]


def _total(ways: Floats) -> float:
    return float(ways[-1, -2:].sum())


def _places(frames: Floats, text: list[int], ways: Floats, back: Floats) -> Floats:
    """The probabilities (n, K) of all symbols at each place of the text, the other places being as they are."""
    labels = np.array(text, np.intp)
    count, n, symbols = len(frames), len(labels), frames.shape[1] - 1
    behind = back[::-1, ::-1]  # (T, 2n + 1): the ways to write the rest from each frame on
    differs = np.ones((n, symbols))
    differs[np.arange(1, n), labels[:-1]] = 0.0  # from the symbol before
    differs_next = np.ones((n, symbols))
    differs_next[np.arange(n - 1), labels[1:]] = 0.0
    enter = np.zeros((count, n, symbols))  # the ways that come to the place just before each frame
    enter[1:] = ways[:-1, 0:-1:2, None]
    enter[0, :1] = 1.0
    enter[1:, 1:] += ways[:-1, 1:-2:2, None] * differs[1:]
    leave = np.zeros((count, n, symbols))  # the ways that go on from it just behind each frame
    leave[:-1] = behind[1:, 2::2, None]
    leave[-1, -1:] = 1.0
    leave[:-1, :-1] += behind[1:, 3::2, None] * differs_next[:-1]
    at, total = np.zeros((n, symbols)), np.zeros((n, symbols))
    for t in range(count):
        at += enter[t]
        at *= frames[t, :symbols]
        total += at * leave[t]
    return np.asarray(total / total.sum(axis=1, keepdims=True))


def _spans(text: list[int], ways: Floats) -> tuple[tuple[int, int], ...]:
    """The frames (start, end) of each symbol: backwards from the end, by the step that most ways have taken."""
    states = ways.tolist()
    place = 2 * len(text)
    if text and states[-1][place - 1] > states[-1][place]:
        place -= 1
    spans = [[len(states), 0] for _ in text]
    for t in range(len(states) - 1, -1, -1):
        if place % 2:
            span = spans[place // 2]
            span[0], span[1] = t, max(span[1], t + 1)
        if t:
            before = states[t - 1]
            options: list[int] = [place, place - 1] if place else [place]
            if place % 2 and place > 1 and text[place // 2] != text[place // 2 - 1]:
                options.append(place - 2)
            place = max(options, key=before.__getitem__)
    return tuple((start, end) for start, end in spans)
