"""A number as one hand writes it: slant, size, pen, proportions and slope are shared, each digit varies a little.

Digits come from MNIST's training pictures, from drawn national shapes and from fonts, traced anew with any pen
(`bank`), set as close as their profiles let them or touching, joined or apart, with marks between that are no digits.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from mnist_predict.reading import Box, union
from mnist_predict.training.synthesis import strokes
from mnist_predict.training.synthesis.content import Line
from mnist_predict.training.synthesis.paper import Grey, Papers
from mnist_predict.training.synthesis.shapes.bank import MARKS, STEP, TALL, Bank, Shapes
from mnist_predict.training.synthesis.shapes.glyphs import choose
from mnist_predict.training.synthesis.strokes import Ends
from mnist_predict.training.synthesis.style import HEIGHT, Hand, new_hand

ROOM = 900  # columns to write in
LONGEST = 340  # of a strip
_ROWS = 128  # to write in: a slope leads far up or down
_BASE = 80  # the row on which the first digit stands
_CUT = 0.08  # of a digit's height, what an edge of the picture cuts off at most
_NEAREST = 0.28  # of a digit's height, from the middle of a digit to that of the next

_MARKS = {symbol: index for index, symbol in enumerate(MARKS)}
_LONG = "-=~"  # marks that are drawn out now and then


class Written(NamedTuple):
    """The ink of a line `(32, w)`, from 0 to 1, the hand that wrote it, and the box of each sign."""

    ink: Grey
    hand: Hand
    boxes: list[Box]


class Trace(NamedTuple):
    """The strokes of a line: distances to them `(h, w)`, less than the radius of the hand's pen in them; the hand; and
    the box of each sign."""

    line: Line
    field: Grey
    hand: Hand
    boxes: list[Box]


class Writer:
    """Writes numbers with the shapes of a bank."""

    def __init__(self, bank: Bank, papers: Papers, rng: np.random.Generator) -> None:
        self.bank = bank
        self.papers = papers
        self.rng = rng
        self._field = np.empty((_ROWS, ROOM), np.float32)  # distances to the strokes, less than `radius` in them
        self._edge = np.empty(_ROWS, np.float32)  # the last column with ink, by row

    def write(self, line: Line, alone: bool, room: float = 0.0) -> Written:
        """Write a line. `alone`: with nothing beside it. `room`: free all around it, in heights of a digit."""
        rng = self.rng
        hand, boxes = self._draw(line)
        ends = self._ends(hand)
        if ends is None:
            return Written(np.zeros((HEIGHT, HEIGHT // 2), np.float32), hand, boxes)
        if not alone and rng.random() < (0.12 if len(line) == 1 else 0.04):
            strokes.ring(self._field, ends, hand, rng)
            if rng.random() < 0.5:  # else only the parts of the ring beside the number are seen
                ends = self._ends(hand) or ends
        if not alone and rng.random() < 0.12:
            self._neighbours(hand, ends)
        free = round(room * hand.height)
        ends = max(ends[0] - free, 0), ends[1] + free, max(ends[2] - free, 0), ends[3] + free
        field, (left, top), scale = self._window(hand, ends)
        moved = [Box(*(round(scale * v) for v in (box.x - left, box.y - top, box.w, box.h))) for box in boxes]
        return Written(self._inked(field, hand.scaled(scale)), hand.scaled(scale), moved)

    def trace(self, line: Line) -> Trace | None:
        """The strokes of a line before they are inked, to write them in any size; None where there are none."""
        hand, boxes = self._draw(line)
        ends = self._ends(hand)
        if ends is None:
            return None
        top, bottom, left, right = max(ends[0] - 3, 0), ends[1] + 3, max(ends[2] - 3, 0), ends[3] + 3
        shifted = [Box(box.x - left, box.y - top, box.w, box.h) for box in boxes]
        return Trace(line, self._field[top:bottom, left:right].copy(), hand, shifted)

    def _draw(self, line: Line) -> tuple[Hand, list[Box]]:
        """Draw a line into the field; the hand that drew it, and the box of each sign."""
        rng = self.rng
        hand = new_hand(len(line), rng)
        glyphs = choose([sign for sign in line if sign.symbol.isdecimal()], self.bank, rng)
        if glyphs and any(glyphs[0][0] is fonts for fonts in (self.bank.displays, self.bank.printed)):
            hand = replace(hand, slant=float(rng.choice((0, 0, 0.2))), slope=hand.slope / 2, radius=rng.normal(0, 0.3),
                           outline=True, gap=abs(hand.gap), spread=0, wobble=0, joins=0, bent=None)  # fmt: skip
        self._field.fill(1e3)
        self._edge.fill(-1e3)
        boxes = self._line(line, glyphs, hand)
        struck = [box for sign, box in zip(line, boxes, strict=True) if sign.struck]
        if struck:
            strokes.strike_out(self._field, union(struck), hand, rng)
        return hand, boxes

    def _ends(self, hand: Hand) -> Ends | None:
        """The first and last row and column with ink, the last ones exclusive."""
        # No stroke goes further beyond the last shape than a ring does.
        inked = self._field[:, : int(self._edge.max() + 2 * HEIGHT)] < hand.radius
        rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
        return (int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1) if len(rows) else None

    def _line(self, line: Line, glyphs: Sequence[tuple[Shapes, int]], hand: Hand) -> list[Box]:
        """Write the signs of a line side by side; the box of each."""
        rng = self.rng
        digits = iter(glyphs)
        x = 30.0
        boxes = []
        for at, sign in enumerate(line):
            if sign.space:
                np.maximum(self._edge, self._edge.max() + sign.space * hand.height, out=self._edge)
            own = replace(hand, height=hand.height * sign.size)
            base = _BASE - sign.up * hand.height
            before = self._edge.copy()
            printed = sign.printed and not hand.outline
            if printed:  # upright in a row, and as thick as in print
                own = replace(own, slant=0.0, slope=0.0, wobble=0.0, gap=0.1 * own.height, spread=0.0, bent=None)
            if sign.symbol.isdecimal():
                shapes, index = next(digits)
                font = printed and shapes is self.bank.printed
                own = replace(own, outline=hand.outline or font)
                box = self._put(shapes, index, own, x, base=base, thinner=hand.radius if font else 0.0)
                if at and line[at - 1].symbol.isdecimal() and not sign.space and rng.random() < hand.joins:
                    self._join(before, hand)
            else:
                long = rng.uniform(1, 3) if sign.symbol in _LONG and rng.random() < 0.3 else 1.0
                in_print = bool(glyphs) and glyphs[0][0] is self.bank.printed
                marks = self._marks(sign.symbol, printed or in_print)
                like = marks.of_label(_MARKS[sign.symbol])
                index = int(like[rng.integers(len(like))])
                # Marks are written as they come: straighter than digits or not, with less of the pen.
                own = replace(own, aspect=own.aspect * long, slant=own.slant * rng.random(), bent=None)
                thinner = hand.radius * max(0.0, rng.uniform(-0.6, 0.6)) if not hand.outline else 0.0
                if printed:
                    font = marks is self.bank.printed_marks
                    own = replace(own, outline=font)
                    thinner = hand.radius if font else hand.radius - own.height * rng.uniform(0.02, 0.06)
                box = self._put(marks, index, own, x, gap=0.5 + rng.random(), base=base, thinner=thinner)
                np.maximum(self._edge, x - hand.height, out=self._edge)  # a mark keeps digits at its side
            x = box.center_x
            boxes.append(box)
        return boxes

    def _marks(self, symbol: str, printed: bool) -> Shapes:
        """The marks to choose from, those of fonts where there are any."""
        there = self.bank.printed_marks
        return there if printed and there is not None and there.has(_MARKS[symbol]) else self.bank.marks

    def _put(
        self,
        shapes: Shapes,
        index: int,
        hand: Hand,
        x: float,
        gap: float | None = None,
        base: float = _BASE,
        thinner: float = 0.0,
    ) -> Box:
        """Write one shape to the right of what is there; its box."""
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
        if hand.bent is not None:
            source = cv2.remap(source, *hand.bent, cv2.INTER_LINEAR, borderValue=255)
        patch = cv2.warpAffine(source, to, (w, h), flags=cv2.INTER_LINEAR, borderValue=255).astype(np.float32)
        scale = (across * down) ** 0.5 / STEP
        patch = ((patch - 128) if hand.outline else patch) * scale + np.float32(thinner)
        y = base + hand.slope * (x - 30) + hand.height * rng.normal(0, 0.5 * hand.wobble) - h + spare
        top = min(max(round(y), 0), _ROWS - 4)
        patch = patch[: _ROWS - top]
        inked = patch < hand.radius
        rows = inked.any(1)
        first = np.where(rows, inked.argmax(1), 1e3).astype(np.float32)
        last = np.where(rows, w - 1 - inked[:, ::-1].argmax(1), -1e3).astype(np.float32)
        if shapes is self.bank.displays:  # where each digit has its place
            first, last = np.full_like(first, spare), np.full_like(last, w - 1 - spare)
        before = self._edge[top : top + len(patch)]
        spaced = (
            max(rng.normal(hand.gap, hand.spread), -0.14 * hand.height) if gap is None else gap * (1 + rng.random())
        )
        fit = float((_widened(before) - first).max()) + 1 + spaced
        left = round(max(fit, x - w / 2 + _NEAREST * hand.height, 4))
        left = min(left, ROOM - w - 2)
        part = self._field[top : top + len(patch), left : left + w]
        np.minimum(part, patch, out=part)
        np.maximum(before, last + left, out=before)
        return Box(left, top, w, len(patch))

    def _join(self, before: Grey, hand: Hand) -> None:
        """A stroke from what was there (its last columns by row) to the digit written after it: the pen stayed down."""
        rng = self.rng
        old = np.flatnonzero(before > 0)
        new = np.flatnonzero(self._edge > before)
        if not len(old) or not len(new):
            return
        start = int(old[int(rng.choice((0.15, 0.9)) * (len(old) - 1))])
        end = int(new[int(rng.choice((0.1, 0.2, 0.9)) * (len(new) - 1))])
        inked = self._field[end, int(before[start]) + 1 : int(self._edge[end]) + 1] < hand.radius
        if before[start] < 0 or not inked.any():
            return
        points = np.array([(before[start], start), (before[start] + 1 + inked.argmax(), end)])
        middle = points.mean(0)
        middle[1] += hand.height * rng.normal(0, 0.1)
        if points[:, 0].max() - points[:, 0].min() < hand.height:
            strokes.draw(self._field, np.array([points[0], middle, points[1]]), hand)

    def _neighbours(self, hand: Hand, ends: Ends) -> None:
        """Strokes that reach in from the lines above or below."""
        rng, mnist = self.rng, self.bank.mnist
        top, bottom, first, last = ends
        level = replace(hand, slope=0.0)
        for _ in range(int(rng.integers(1, 4))):
            shown = hand.height * rng.uniform(0.05, 0.25)
            base = top + shown if rng.random() < 0.5 else bottom - shown + hand.height
            self._edge.fill(-1e3)
            self._put(mnist, int(rng.integers(len(mnist.labels))), level, rng.uniform(first, last), base=base)

    def _window(self, hand: Hand, ends: Ends) -> tuple[Grey, tuple[float, float], float]:
        """The part of the field that a strip shows `(32, w)`: most often all that is written, with some paper around,
        seldom a little less; its left and top end, and how much smaller it was made to have room."""
        rng = self.rng
        top, bottom, first, last = map(float, ends)
        left, right = rng.integers(0, 3, 2) if rng.random() < 0.35 else rng.exponential(7, 2) + 1
        if rng.random() < 0.06:
            left, right = (-self._cut(hand), right) if rng.random() < 0.5 else (left, -self._cut(hand))
        if rng.random() < 0.12:
            top, bottom = (top + self._cut(hand), bottom) if rng.random() < 0.5 else (top, bottom - self._cut(hand))
        left, right = max(int(first - left), 0), min(int(last + right), ROOM)
        bottom = max(bottom, top + 4)  # of what is that flat, cutting may have left nothing
        scale = min(1.0, HEIGHT / (bottom - top))
        start = top - rng.random() * (HEIGHT / scale - (bottom - top))
        to = np.array([[scale, 0, -left * scale], [0, scale, -start * scale]])
        wide = min(max(round((right - left) * scale), 12), LONGEST)
        field = cv2.warpAffine(self._field, to, (wide, HEIGHT), flags=cv2.INTER_LINEAR, borderValue=1e3)
        return np.asarray(field * np.float32(scale), np.float32), (left, start), scale

    def _cut(self, hand: Hand) -> float:
        """How much an edge of the picture cuts off."""
        return float(self.rng.uniform(0, _CUT)) * hand.height

    def _inked(self, field: Grey, hand: Hand) -> Grey:
        """The distances as ink: bent by a restless hand, broader where it presses, faint where the pen runs dry."""
        rng = self.rng
        width = field.shape[1]
        if rng.random() < 0.5:
            force = rng.uniform(0.2, 1.2) * hand.height / HEIGHT
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


def _widened(edge: Grey) -> Grey:
    """Each row as far as itself and the two rows on each side, so that slanted strokes keep their distance."""
    out = edge.copy()
    for by in (1, 2):
        np.maximum(out[by:], edge[:-by], out=out[by:])
        np.maximum(out[:-by], edge[by:], out=out[:-by])
    return out
