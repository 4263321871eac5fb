"""A sheet of paper on which numbers, words and signs are written where there is room."""

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.training.page import scenery
from mnist_predict.training.page.labels import Placed, placed
from mnist_predict.training.page.scenery import Textures
from mnist_predict.training.synthesis import content
from mnist_predict.training.synthesis.content import Line
from mnist_predict.training.synthesis.paper import Grey, Papers
from mnist_predict.training.synthesis.shapes.bank import Bank
from mnist_predict.training.synthesis.shapes.fonts import Words
from mnist_predict.training.synthesis.writing import Trace, Writer

LOW, HIGH = 9.0, 54.0  # pixels of height of most numbers
KEPT, AGAIN = 300, 0.65  # lines that may be written again, and the share of those that are
SEEN = 0.85  # of the height or width of a page that a number takes at most


class Sheet:
    """The sheet that is being written.

    `page` float32 `(h, w)`: the light it reflects, from 0 to 1; `lines`: those of digits on it; `unit`: the height of
    its numbers in pixels; `dark`: how dark its pen is; `well`: whether it is seen well.
    """

    def __init__(
        self,
        bank: Bank,
        words: Words | None,
        textures: Textures,
        papers: Papers,
        rng: np.random.Generator,
    ) -> None:
        self.rng = rng
        self.words = words
        self.textures = textures
        self.papers = papers  # of a line, for what is no number
        self.page: Grey = np.empty((0, 0), np.float32)
        self.taken = np.empty((0, 0), bool)
        self.well = True
        self.unit = LOW
        self.dark = 0.9
        self.lines: list[Placed] = []
        self._writer = Writer(bank, papers, rng)
        self._traces: deque[Trace] = deque(maxlen=KEPT)

    def reseed(self, rng: np.random.Generator) -> None:
        """Go on as that generator of random numbers has it."""
        self.rng = self.textures.rng = self.papers.rng = self._writer.rng = rng
        self._traces.clear()

    def begin(self, h: int, w: int) -> None:
        """A bare page, with what was printed on it before anyone wrote."""
        rng, draw = self.rng, self.rng.random
        self.well = well = draw() < 0.6
        page = np.full((h, w), rng.uniform(0.8 if well else 0.55, 1.0) if draw() < 0.7 else 1.0, np.float32)
        if draw() < 0.4:
            page *= 1 - np.float32(rng.uniform(0.005, 0.02 if well else 0.06)) * np.abs(self.textures.noise(h, w))
        if draw() < 0.1:
            deep = rng.uniform(0.02, 0.06 if well else 0.15)
            page *= 1 - np.float32(deep) * np.clip(self.textures.pattern(h, w), 0, 2)
        self.page, self.lines = page, []
        self.taken = np.zeros((h, w), bool)
        self.unit = float(np.exp(rng.uniform(np.log(LOW), np.log(min(HIGH, SEEN * h)))))
        self.dark = float(rng.uniform(0.6 if well else 0.35, 0.97))
        if draw() < 0.18:
            scenery.ruled(page, self.unit, rng)

    def trace(self, line: Line | None = None) -> Trace | None:
        """What is written next: a line, or any number; most of those have stood on another page, to save time."""
        if line is not None:
            return self._writer.trace(line)
        if len(self._traces) == KEPT and self.rng.random() < AGAIN:
            return self._traces[int(self.rng.integers(KEPT))]
        trace = self._writer.trace(content.line(self.rng))
        if trace is not None:
            self._traces.append(trace)
        return trace

    def put(self, trace: Trace, scale: float, x: float, y: float) -> bool:
        """Write what was traced, so much larger, with its middle at a point; whether there was room."""
        rng = self.rng
        h, w = trace.field.shape
        tall, wide = h * scale, w * scale
        left, top = int(x - wide / 2), int(y - tall / 2)
        right, bottom = int(left + wide) + 2, int(top + tall) + 2
        area = (slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0)))
        if self.taken[area].size == 0 or self.taken[area].any():
            return False
        y0, x0 = area[0].start, area[1].start
        part = self.page[area]
        to = np.array([[scale, 0, x - wide / 2 - x0], [0, scale, y - tall / 2 - y0]])
        field = cv2.warpAffine(trace.field, to, part.shape[::-1], flags=cv2.INTER_LINEAR, borderValue=1e3)
        reach = np.float32(trace.hand.radius * scale) - field * np.float32(scale)
        if rng.random() < 0.3:
            reach += np.float32(rng.uniform(0.05, 0.3)) * self.textures.noise(*part.shape)
        ink = np.clip(0.5 + reach / np.float32(rng.uniform(0.7, 1.4)), 0, 1)
        if rng.random() < 0.15:
            ink *= np.clip(1 - np.float32(rng.uniform(0.1, 0.4)) * self.textures.noise(*part.shape), 0.3, 1)
        part *= 1 - ink * np.float32(self.dark)
        self.taken[area] = True
        self.lines += placed(trace, scale, x - wide / 2, y - tall / 2)
        if rng.random() < 0.08:
            self._marked(x, y, wide, tall)
        return True

    def _marked(self, x: float, y: float, wide: float, tall: float) -> None:
        """A ring around a number, or a line or two under it."""
        rng = self.rng
        unit, broad = self.unit, max(0.6, self.unit * rng.uniform(0.03, 0.12))
        if rng.random() < 0.5:
            self.ring(x, y, wide, tall)
            return
        under = y + tall / 2 + unit * rng.uniform(-0.05, 0.25)
        for at in range(1 if rng.random() < 0.7 else 2):
            low = under + at * 0.2 * unit
            ends = np.array([(x - wide / 2, low), (x, low), (x + wide / 2, low)])
            scenery.stroke(self.page, ends + rng.normal(0, 0.04 * unit, (3, 2)), broad, self.dark)

    def ring(self, x: float, y: float, wide: float, tall: float) -> None:
        """A ring around what has its middle there and is so wide and tall."""
        rng = self.rng
        room = self.unit * rng.uniform(0.05, 0.9, 2)
        broad = max(0.6, self.unit * rng.uniform(0.03, 0.12))
        scenery.ring(self.page, (x, y), (wide / 2 * 1.1 + room[0], tall / 2 + room[1]), broad, self.dark, rng)

    def word(self, x: float, y: float, middle: float | None = None, tall: float | None = None) -> int:
        """A word or a sign at a height, and how wide it is; it ends or begins at x where it stands beside what has its
        middle there."""
        rng = self.rng
        if not self.words:
            return 0
        word = self.words.draw(rng)
        high = max(4, round(tall or self.unit * rng.uniform(0.4, 1.3)))
        wide: int = max(2, round(word.shape[1] * high / word.shape[0]))
        left = x if middle is None or x > middle else x - wide
        self.stamp(np.asarray(cv2.resize(word, (wide, high), interpolation=cv2.INTER_AREA)), left, y - high / 2)
        return wide

    def stamp(self, ink: NDArray[np.uint8], left: float, top: float) -> None:
        """Ink of 0 to 255 on the page, where nothing else stands."""
        h, w = ink.shape
        height, width = self.page.shape
        x, y = int(left), int(top)
        area = (slice(max(y, 0), max(min(y + h, height), 0)), slice(max(x, 0), max(min(x + w, width), 0)))
        part = self.page[area]
        if part.size == 0 or self.taken[area].any():
            return
        self.taken[area] = True
        shown = ink[area[0].start - y : area[0].stop - y, area[1].start - x : area[1].stop - x]
        part *= 1 - shown * np.float32(self.dark * self.rng.uniform(0.7, 1.05) / 255)
