"""What numbers are written on: paper, ruled and squared lines, boxes, patterns, print, light and shadow.

A paper is float32 `(h, w)`, how much darker than white each pixel is in units of the pen's contrast; light is what both
are multiplied by. Textures are made once for a run, wider than a strip, and each strip gets a cut-out.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.training.synthesis.shapes.fonts import Words

WIDE = 1200
Grey = NDArray[np.float32]


class Papers:
    """Textures for strips of a height, and smooth noise of the same size for what varies along a strip."""

    def __init__(self, height: int, words: Words | None, rng: np.random.Generator) -> None:
        self.height = height
        self.words = words
        self.rng = rng
        self._noise = [smooth(height, WIDE, int(rng.integers(3, 16)), rng) for _ in range(64)]
        self._patterns = [pattern(3 * height, WIDE, rng) for _ in range(96)]
        self._grain = [rng.normal(0, 1, (height, WIDE)).astype(np.float32) for _ in range(16)]

    def noise(self, width: int) -> Grey:
        """Smooth noise `(h, width)` of deviation 1."""
        return self._cut(self._noise, width)

    def grain(self, width: int) -> Grey:
        """White noise `(h, width)` of deviation 1."""
        return self._cut(self._grain, width)

    def pattern(self, width: int) -> Grey:
        """A printed pattern `(h, width)` of deviation 1."""
        return self._cut(self._patterns, width)

    def make(self, width: int) -> Grey:
        """A paper: mostly plain; two in five have lines or boxes, a quarter a pattern, some print."""
        rng, draw = self.rng, self.rng.random
        paper = np.zeros((self.height, width), np.float32)
        if draw() < 0.3:
            paper += np.float32(rng.uniform(0.02, 0.15)) * self.noise(width)
        if draw() < 0.28:
            paper += np.float32(rng.uniform(0.05, 0.35)) * self.pattern(width)
        if draw() < 0.4:
            self._lines(paper)
        if draw() < 0.15:
            self._print(paper)
        return paper

    def light(self, width: int) -> Grey:
        """How much light falls on each pixel `(h, width)`, from 0 to 1: even, or spots, a lamp aside, a shadow."""
        rng, draw = self.rng, self.rng.random
        light = np.ones((self.height, width), np.float32)
        if draw() < 0.4:
            light -= np.float32(rng.uniform(0.05, 0.4)) * np.clip(0.5 + self.noise(width) / 4, 0, 1)
        if draw() < 0.3:
            dim = np.linspace(1, rng.uniform(0.4, 1), width, dtype=np.float32)
            light *= dim if draw() < 0.5 else dim[::-1]
        if draw() < 0.15:
            light *= self._shadow(width)
        return light

    def _cut(self, of: list[Grey], width: int) -> Grey:
        whole = of[self.rng.integers(len(of))]
        top = int(self.rng.integers(whole.shape[0] - self.height + 1))
        left = int(self.rng.integers(whole.shape[1] - width + 1))
        part = whole[top : top + self.height, left : left + width]
        return part[:, ::-1] if self.rng.random() < 0.5 else part

    def _shadow(self, width: int) -> Grey:
        """The edge of a shadow across the strip."""
        x = self.rng.uniform(0, width, 2)
        corners = np.array([(x[0], -1), (x[1], self.height), (width + 1, self.height), (width + 1, -1)]).astype(
            np.int32
        )
        light = np.ones((self.height, width), np.float32)
        cv2.fillPoly(light, [corners], self.rng.uniform(0.4, 0.9))
        return np.asarray(cv2.GaussianBlur(light, (0, 0), self.rng.uniform(0.5, 5)), np.float32)

    def _lines(self, paper: Grey) -> None:
        """A ruled line, or several, or the edges of a box or of squares; whole, dotted or broken."""
        rng = self.rng
        h, w = paper.shape
        layer = np.zeros((h, w), np.uint8)
        broad = 1 if rng.random() < 0.7 else int(rng.integers(2, 4))
        lean = rng.normal(0, 0.015) * w
        kind = rng.random()
        if kind < 0.55:
            gap = rng.uniform(6, 36)
            count = 1 if rng.random() < 0.6 else 5
            first = rng.uniform(0, h)
            for i in range(count):
                y = first + i * gap - (gap * (count // 2))
                cv2.line(layer, _at(0, y), _at(w, y + lean), 255, broad, cv2.LINE_AA, 4)
        elif kind < 0.8:
            edges = rng.random(4) < 0.7
            if edges[0]:
                y = rng.uniform(0, 4)
                cv2.line(layer, _at(0, y), _at(w, y + lean), 255, broad, cv2.LINE_AA, 4)
            if edges[1]:
                y = h - rng.uniform(0, 4)
                cv2.line(layer, _at(0, y), _at(w, y + lean), 255, broad, cv2.LINE_AA, 4)
            if edges[2]:
                cv2.line(layer, _at(rng.uniform(0, 4), 0), _at(rng.uniform(0, 4), h), 255, broad, cv2.LINE_AA, 4)
            if edges[3]:
                x = w - rng.uniform(0, 4, 2)
                cv2.line(layer, _at(x[0], 0), _at(x[1], h), 255, broad, cv2.LINE_AA, 4)
        else:
            gap = rng.uniform(5, 20)
            for y in np.arange(rng.uniform(-gap, 0), h, gap):
                cv2.line(layer, _at(0, y), _at(w, y + lean), 255, broad, cv2.LINE_AA, 4)
            for x in np.arange(rng.uniform(-gap, 0), w, gap):
                cv2.line(layer, _at(x, 0), _at(x - lean * h / w, h), 255, broad, cv2.LINE_AA, 4)
        drawn = layer.astype(np.float32)
        if rng.random() < 0.2:
            drawn *= np.arange(w) % int(rng.integers(3, 9)) < 2
        paper += drawn * np.float32(rng.uniform(0.1, 0.9) / 255)

    def _print(self, paper: Grey) -> None:
        """Printed words, small and above or below, as forms have them."""
        rng = self.rng
        h, w = paper.shape
        if not self.words:
            return
        word = self.words.draw(rng)
        tall = int(rng.uniform(4, 11))
        size = (min(max(3, word.shape[1] * tall // word.shape[0]), w), tall)
        word = np.asarray(cv2.resize(word, size, interpolation=cv2.INTER_AREA), np.uint8)
        x = int(rng.integers(0, w - word.shape[1] + 1))
        y = int(rng.uniform(-tall / 2, 2)) if rng.random() < 0.5 else int(h - rng.uniform(tall / 2, tall + 2))
        top, bottom = max(y, 0), min(y + tall, h)
        part = word[top - y : bottom - y].astype(np.float32)
        paper[top:bottom, x : x + word.shape[1]] += part * np.float32(rng.uniform(0.2, 0.9) / 255)


def _at(x: float, y: float) -> tuple[int, int]:
    return round(float(x) * 16), round(float(y) * 16)


def smooth(h: int, w: int, cell: int, rng: np.random.Generator) -> Grey:
    """Smooth noise `(h, w)` of deviation 1, whose features are about `cell` pixels wide."""
    coarse = rng.normal(0, 1, (h // cell + 3, w // cell + 3)).astype(np.float32)
    noise = cv2.resize(coarse, (w, h), interpolation=cv2.INTER_CUBIC)
    return np.asarray(noise / noise.std(), np.float32)


def pattern(h: int, w: int, rng: np.random.Generator) -> Grey:
    """A printed pattern of deviation 1: waves as on cheques, weave, dots, fibres, or large print."""
    y, x = np.mgrid[:h, :w].astype(np.float32)
    kind = rng.integers(5)
    if kind == 0:  # guilloche: waves whose lines swing together
        swing = rng.uniform(2, 10) * np.sin(2 * np.pi * x / rng.uniform(20, 120) + rng.uniform(0, 6))
        pattern = np.sin(2 * np.pi * (y + swing) / rng.uniform(3, 10))
        if rng.random() < 0.5:
            pattern = pattern + np.sin(2 * np.pi * (y - swing) / rng.uniform(3, 10))
    elif kind == 1:  # weave
        angle = rng.uniform(0, np.pi)
        along = x * np.cos(angle) + y * np.sin(angle)
        across = y * np.cos(angle) - x * np.sin(angle)
        pattern = np.sin(2 * np.pi * along / rng.uniform(2.5, 8)) + np.sin(2 * np.pi * across / rng.uniform(2.5, 8))
    elif kind == 2:  # dots and coarse grain
        pattern = cv2.GaussianBlur(rng.normal(0, 1, (h, w)).astype(np.float32), (0, 0), rng.uniform(0.7, 2.5))
    elif kind == 3:  # fibres and scratches
        canvas = np.zeros((h, w), np.uint8)
        for _ in range(int(rng.integers(30, 200))):
            at = rng.uniform(0, (w, h))
            to = at + rng.normal(0, rng.uniform(5, 40), 2)
            cv2.line(canvas, _at(*at), _at(*to), int(rng.integers(60, 255)), 1, cv2.LINE_AA, 4)
        pattern = cv2.GaussianBlur(canvas.astype(np.float32), (0, 0), rng.uniform(0.4, 1.2))
    else:  # rosettes
        cx, cy = rng.uniform(0, w), rng.uniform(0, h)
        radius, angle2 = np.hypot(x - cx, y - cy), np.arctan2(y - cy, x - cx)
        pattern = np.sin(radius / rng.uniform(1.0, 3.0) + rng.uniform(1, 6) * np.sin(int(rng.integers(3, 12)) * angle2))
    pattern = pattern - pattern.mean()
    return np.asarray(pattern / max(float(pattern.std()), 1e-6), np.float32)
