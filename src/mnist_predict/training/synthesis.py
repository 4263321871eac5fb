"""Numbers as hands write them, synthesized: strips of digits side by side, to train a line model on.

Each strip is one hand: slant, size, pen and slope are shared, each digit varies a little. Digits come from MNIST's
training pictures, from drawn national shapes and from fonts, traced anew with any pen (`bank`), set as close as their
profiles let them or touching, with marks between that are no digits, on paper (`paper`), and then seen through
a camera: light, blur, low resolution, JPEG. `docs/strips.png` shows a sheet of them.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.training.bank import MARKS, STEP, TALL, Shapes
from mnist_predict.training.blanks import blank
from mnist_predict.training.camera import Strip, photographed, resized
from mnist_predict.training.paper import Grey, Papers

HEIGHT = 32  # of a strip
PAD = 14  # rows above and below in which digits may end that the strip cuts off
ROOM = 900  # columns to write in
LONGEST = 340  # of a strip

_MARKS = list(MARKS)
_BETWEEN = [_MARKS.index(mark) for mark in ".,.,.-'/=:"]
_BEFORE = [_MARKS.index(mark) for mark in "$$##*==--€~x+"]
_AFTER = [_MARKS.index(mark) for mark in "---==,.~*#€%x"]
_LONG = [_MARKS.index(mark) for mark in "-=~"]
_LENGTHS = np.array([0.24, 0.12, 0.13, 0.14, 0.13, 0.10, 0.06, 0.04, 0.02, 0.02])


@dataclass(frozen=True)
class Hand:
    """What a strip's digits share. Lengths in pixels of the strip."""

    height: float
    aspect: float
    slant: float
    slope: float
    radius: float  # of the pen; with `outline`, what it adds to a glyph's outline
    outline: bool
    gap: float
    spread: float  # deviation of the gap
    wobble: float  # deviation of size and place from digit to digit


@dataclass(frozen=True)
class Bank:
    """The shapes to write with."""

    mnist: Shapes
    drawn: Shapes
    marks: Shapes
    written: Shapes | None
    printed: Shapes | None


class Synthesis:
    """An endless supply of strips; the same seed gives the same strips."""

    def __init__(self, bank: Bank, papers: Papers, rng: np.random.Generator, plain: float = 0.1) -> None:
        self.bank = bank
        self.papers = papers
        self.rng = rng
        self.plain = plain  # the share of strips that are clean ink on clean paper
        self._field = np.empty((HEIGHT + 2 * PAD, ROOM), np.float32)

    def strip(self) -> tuple[Strip, str]:
        """A strip uint8 `(32, w)` and the number on it, empty where there is none (one in ten)."""
        kind = self.rng.random()
        if kind < 0.1:
            return self._photographed(blank(HEIGHT, self.papers, self.rng)), ""
        if kind < 0.18:
            return self._tight_digit()
        number = "".join(map(str, self.rng.integers(0, 10, 1 + self.rng.choice(len(_LENGTHS), p=_LENGTHS))))
        if kind > 0.95:  # 11 and 111 look like lines of a form, and must be told from them
            number = "".join("1" if self.rng.random() < 0.8 else digit for digit in number[:5])
        return self._photographed(self._written(number)), number

    def _photographed(self, ink: Grey) -> Strip:
        return photographed(ink, self.papers, self.rng, self.plain)

    def _hand(self, count: int) -> Hand:
        rng = self.rng
        height = HEIGHT * rng.uniform(0.42, 1.0) if rng.random() < 0.8 else HEIGHT * rng.uniform(0.8, 1.1)
        outline = rng.random() < 0.35
        radius = rng.normal(0, 0.3) if outline else height * np.exp(rng.uniform(np.log(0.022), np.log(0.1)))
        close = rng.random()
        gap = height * (
            rng.uniform(-0.12, 0.03) if close < 0.3 else rng.uniform(0, 0.2) if close < 0.8 else rng.uniform(0.2, 0.9)
        )
        return Hand(
            height,
            float(np.exp(rng.normal(0, 0.16))),
            float(np.clip(rng.normal(0.08, 0.22), -0.45, 0.7)),
            float(rng.normal(0, 0.035)) if count > 1 else 0.0,
            radius if outline else max(radius, 0.4),
            outline,
            gap,
            height * rng.uniform(0.02, 0.12),
            rng.uniform(0.02, 0.1),
        )

    def _glyphs(self, number: str) -> list[tuple[Shapes, int]]:
        """Where each digit's shape comes from: one hand writes one digit in one way."""
        rng, bank = self.rng, self.bank
        kind = rng.random()
        for share, fonts in ((0.10, bank.printed), (0.22, bank.written)):
            if kind < share and fonts is not None:
                family = fonts.of_hand(fonts.all_hands[rng.integers(len(fonts.all_hands))])
                return [(fonts, int(family[int(digit)])) for digit in number]
        strange = rng.random(10) < (0.0 if kind < 0.5 else 0.35 if kind < 0.85 else 1.0)
        own: dict[int, NDArray[np.int64]] = {}
        glyphs = []
        for digit in map(int, number):
            if strange[digit]:
                if digit not in own:
                    like = bank.drawn.of_label(digit)
                    own[digit] = bank.drawn.of_hand(int(bank.drawn.hands[like[rng.integers(len(like))]]))
                glyphs.append((bank.drawn, int(own[digit][rng.integers(len(own[digit]))])))
            else:
                same = bank.mnist.of_label(digit)
                glyphs.append((bank.mnist, int(same[rng.integers(len(same))])))
        return glyphs

    def _written(self, number: str) -> Grey:
        """The strip's ink `(32, w)` from 0 to 1, at most a little beyond what is written on each side."""
        rng = self.rng
        hand = self._hand(len(number))
        glyphs = self._glyphs(number)
        if glyphs[0][0] is self.bank.printed:
            hand = Hand(hand.height, hand.aspect, float(rng.choice((0, 0, 0.2))), hand.slope / 2, hand.radius,
                        True, abs(hand.gap), 0, 0)  # fmt: skip
        self._field.fill(1e3)
        slack = HEIGHT - hand.height
        base = PAD + HEIGHT - rng.uniform(-0.08 * hand.height, max(slack, 0.08 * hand.height))
        edge = np.full(len(self._field), -1e3, np.float32)  # the last column with ink, by row
        start = x = 30.0
        with_marks = rng.random() < 0.4
        end = x
        if with_marks and rng.random() < 0.4:
            x, _ = self._mark(_BEFORE, int(rng.choice((1, 1, 2, 3))), hand, base, x, edge)
        for i, (shapes, index) in enumerate(glyphs):
            if with_marks and i and rng.random() < 0.25:
                x, _ = self._mark(_BETWEEN, 1, hand, base, x, edge)
            x, end = self._put(shapes, index, hand, base, x, edge)
            if end > ROOM - 240:
                break
        if with_marks and rng.random() < 0.4:
            end = self._mark(_AFTER, int(rng.choice((1, 1, 2, 3))), hand, base, x, edge)[1]
        if rng.random() < 0.12:
            self._neighbours(hand, start, end)
        left, right = self._margins(hand, start, end)
        ink = self._inked(hand, left, right)
        if rng.random() < 0.1:
            self._flourish(ink, hand)
        if rng.random() < 0.05 and self.papers.words:
            ink = self._beside_a_word(ink, hand)
        return ink

    def _beside_a_word(self, ink: Grey, hand: Hand) -> Grey:
        """As in a line of a form: letters before or behind the number are none of it."""
        rng = self.rng
        word = self.papers.words[int(rng.integers(len(self.papers.words)))]
        tall = min(HEIGHT - 2, max(6, int(hand.height * rng.uniform(0.5, 1))))
        wide = min(max(4, word.shape[1] * tall // word.shape[0]), LONGEST - 10 - ink.shape[1])
        if wide < 4:
            return ink
        layer = np.zeros((HEIGHT, wide + int(hand.height * rng.uniform(0.4, 0.9))), np.float32)
        y = int(rng.integers(HEIGHT - tall + 1))
        part, x = resized(word * np.float32(1 / 255), wide, tall, cv2.INTER_AREA), layer.shape[1] - wide
        before = rng.random() < 0.5
        layer[y : y + tall, slice(0, wide) if before else slice(x, None)] = part
        return np.hstack([layer, ink] if before else [ink, layer])

    def _mark(self, among: list[int], count: int, hand: Hand, base: float, x: float, edge: Grey) -> tuple[float, float]:
        """Write a mark, or a row of the same one as fills up an amount, as `_put` writes a digit."""
        rng, marks = self.rng, self.bank.marks
        like = marks.of_label(among[rng.integers(len(among))])
        end = x
        for _ in range(count):
            index = int(like[rng.integers(len(like))])
            long = rng.uniform(1, 3) if int(marks.labels[index]) in _LONG and rng.random() < 0.4 else 1.0
            x, end = self._put(marks, index, replace(hand, aspect=hand.aspect * long), base, x, edge, gap=1.5)
            np.maximum(edge, x - hand.height, out=edge)  # a mark keeps digits at its side
        return x, end

    def _put(
        self, shapes: Shapes, index: int, hand: Hand, base: float, x: float, edge: Grey, gap: float | None = None
    ) -> tuple[float, float]:
        """Write one shape to the right of what is there; the least x for the next, and its last column."""
        rng = self.rng
        bx, by, bw, bh = shapes.boxes[index].tolist()
        size = float(np.exp(rng.normal(0, hand.wobble)))
        down = hand.height * size / (TALL if gap is not None else max(bh, bw * 0.6))
        across = down * hand.aspect * float(np.exp(rng.normal(0, hand.wobble)))
        turn = rng.normal(0, 0.5 * hand.wobble)
        slant = hand.slant + rng.normal(0, 0.5 * hand.wobble)
        cos, sin = np.cos(turn), np.sin(turn)
        a, b = across * cos, -down * (slant * cos + sin)
        c, d = across * sin, down * (cos - slant * sin)
        wide, tall = abs(a) * bw + abs(b) * bh, abs(c) * bw + abs(d) * bh
        spare = 2 + (2 * abs(hand.radius) if hand.outline else hand.radius)
        w, h = int(wide + 2 * spare) + 1, int(tall + 2 * spare) + 1
        cx, cy = bx + bw / 2, by + bh / 2
        to = np.array([[a, b, w / 2 - a * cx - b * cy], [c, d, h / 2 - c * cx - d * cy]])
        source = shapes.outlines[index] if hand.outline else shapes.skeletons[index]
        patch = cv2.warpAffine(source, to, (w, h), flags=cv2.INTER_LINEAR, borderValue=255).astype(np.float32)
        scale = (across * down) ** 0.5 / STEP
        patch = (patch - 128) * scale if hand.outline else patch * scale
        y = base + hand.slope * (x - 30) + hand.height * rng.normal(0, 0.6 * hand.wobble) - h + spare
        top = min(max(round(y), 0), len(self._field) - 4)
        patch = patch[: len(self._field) - top]
        inked = patch < hand.radius
        rows = inked.any(1)
        first = np.where(rows, inked.argmax(1), 1e3).astype(np.float32)
        last = np.where(rows, w - 1 - inked[:, ::-1].argmax(1), -1e3).astype(np.float32)
        before = edge[top : top + len(patch)]
        spaced = rng.normal(hand.gap, hand.spread) if gap is None else gap * (1 + rng.random())
        fit = float((_widened(before) - first).max()) + 1 + spaced
        left = round(max(fit, x - w / 2 - 8, 4))
        left = min(left, ROOM - w - 2)
        part = self._field[top : top + len(patch), left : left + w]
        np.minimum(part, patch, out=part)
        np.maximum(before, last + left, out=before)
        return left + w / 2, float(last.max()) + left

    def _neighbours(self, hand: Hand, start: float, end: float) -> None:
        """Strokes that reach in from the lines above or below."""
        rng = self.rng
        for _ in range(int(rng.integers(1, 4))):
            mnist = self.bank.mnist
            index = int(rng.integers(len(mnist.labels)))
            shown = hand.height * rng.uniform(0.05, 0.25)
            base = PAD + shown if rng.random() < 0.5 else PAD + HEIGHT - shown + hand.height
            nobody = np.full(len(self._field), -1e3, np.float32)
            self._put(mnist, index, hand, base, rng.uniform(start, max(end, start + 1)), nobody)

    def _margins(self, hand: Hand, start: float, end: float) -> tuple[int, int]:
        rng = self.rng
        columns = np.flatnonzero((self._field[PAD:-PAD] < hand.radius).any(0))
        first, last = (columns[0], columns[-1] + 1) if len(columns) else (int(start), int(end))
        around = rng.integers(0, 3, 2) if rng.random() < 0.35 else (rng.exponential(7, 2) + 1).astype(int)
        left, right = max(int(first - around[0]), 0), min(int(last + around[1]), ROOM)
        return left, min(max(right, left + 16), left + LONGEST)

    def _inked(self, hand: Hand, left: int, right: int) -> Grey:
        """The distances as ink: bent by a restless hand, broader where it presses, faint where the pen runs dry."""
        rng = self.rng
        field = self._field[PAD:-PAD, left:right]
        width = right - left
        if rng.random() < 0.5:
            force = rng.uniform(0.2, 1.3)
            x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
            x += np.float32(force) * self.papers.noise(width)
            y += np.float32(force) * self.papers.noise(width)
            field = np.asarray(cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
        reach = np.float32(hand.radius) - field
        if rng.random() < 0.4:
            reach += np.float32(rng.uniform(0.05, 0.25) * max(hand.radius, 0.8)) * self.papers.noise(width)
        ink = np.clip(0.5 + reach * np.float32(1 / rng.uniform(0.7, 1.6)), 0, 1)
        if rng.random() < 0.35:
            ink *= np.clip(1 - np.float32(rng.uniform(0.05, 0.35)) * (1 + self.papers.noise(width)), 0.3, 1)
        if rng.random() < 0.12:
            ink *= np.clip(1.3 + self.papers.grain(width) * np.float32(rng.uniform(0.3, 0.7)), 0, 1)
        return np.asarray(ink, np.float32)

    def _flourish(self, ink: Grey, hand: Hand) -> None:
        """A stroke that is no digit: an underline, a line through a box, a ligature, a stray touch of the pen."""
        rng = self.rng
        h, w = ink.shape
        layer = np.zeros((h, w), np.uint8)
        if rng.random() < 0.5:
            y = rng.uniform(0.8, 1.0) * h
            across = np.array((rng.uniform(0, 0.3), 0.5, rng.uniform(0.6, 1))) * w
            points = np.stack([across, y + rng.normal(0, 1, 3)], 1)
        else:
            at = rng.uniform(0, (w, h))
            points = at + np.cumsum(rng.normal(0, 2.5, (3, 2)), 0)
        broad = max(1, round(2 * max(hand.radius, 0.6)))
        cv2.polylines(layer, [np.round(points * 16).astype(np.int32)], False, 255, broad, cv2.LINE_AA, 4)
        np.maximum(ink, layer * np.float32(1 / 255), out=ink)

    def _tight_digit(self) -> tuple[Strip, str]:
        """A single digit cut off at its ink and stretched to the strip's height, often coarse and two-level."""
        rng = self.rng
        digit = int(rng.integers(10))
        ink = self._written(str(digit))
        rows = np.flatnonzero(ink.max(1) > 0.4)
        columns = np.flatnonzero(ink.max(0) > 0.4)
        if len(rows) < 8 or len(columns) < 2:
            return self.strip()
        ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        if rng.random() < 0.6:
            side = int(rng.integers(12, 25))
            wide = side if rng.random() < 0.6 else max(4, round(side * ink.shape[1] / ink.shape[0]))
            ink = resized(ink, wide, side, cv2.INTER_AREA)
            if rng.random() < 0.7:
                ink = (ink > rng.uniform(0.2, 0.45) * ink.max()).astype(np.float32)
        wide = min(max(round(HEIGHT * ink.shape[1] / ink.shape[0]), 8), 64)
        smooth = cv2.INTER_NEAREST if rng.random() < 0.15 else cv2.INTER_LINEAR
        ink = resized(ink, wide, HEIGHT, smooth)
        if rng.random() < 0.5:  # as the picture is
            return (255 * (1 - ink)).astype(np.uint8), str(digit)
        return self._photographed(ink), str(digit)


def _widened(edge: Grey) -> Grey:
    """Each row as far as itself and the two rows on each side, so that slanted strokes keep their distance."""
    out = edge.copy()
    for by in (1, 2):
        np.maximum(out[by:], edge[:-by], out=out[by:])
        np.maximum(out[:-by], edge[by:], out=out[:-by])
    return out
