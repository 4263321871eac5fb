"""What stands on pages beside numbers: forms, rules, holes, folds, shadows, dark edges, the table that a page lies on.

A page is float32 `(h, w)`, the light that it reflects, from 0 to 1. All functions here draw into it. Lengths are in
pixels; `unit` is the height of digits on the page.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.training.synthesis.paper import Grey, pattern, smooth

SIDE = 420  # of a texture


class Textures:
    """Smooth noise, patterns and grain, made once; each use is a cut-out."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self._noise = [smooth(SIDE, SIDE, int(rng.choice((4, 8, 16, 40, 90))), rng) for _ in range(24)]
        self._patterns = [pattern(SIDE, SIDE, rng) for _ in range(32)]
        self._grain = [rng.normal(0, 1, (SIDE, SIDE)).astype(np.float32) for _ in range(4)]

    def noise(self, h: int, w: int) -> Grey:
        """Smooth noise `(h, w)` of deviation 1."""
        return self._cut(self._noise, h, w)

    def pattern(self, h: int, w: int) -> Grey:
        """A printed pattern `(h, w)` of deviation 1."""
        return self._cut(self._patterns, h, w)

    def grain(self, h: int, w: int) -> Grey:
        """White noise `(h, w)` of deviation 1."""
        return self._cut(self._grain, h, w)

    def _cut(self, of: list[Grey], h: int, w: int) -> Grey:
        whole = of[self.rng.integers(len(of))]
        top, left = int(self.rng.integers(SIDE - h + 1)), int(self.rng.integers(SIDE - w + 1))
        return whole[top : top + h, left : left + w]


def stroke(page: Grey, points: NDArray[np.float64], broad: float, dark: float, closed: bool = False) -> None:
    """A stroke through points (n, 2) that leaves `1 - dark` of the light."""
    layer = np.zeros(page.shape, np.uint8)
    cv2.polylines(layer, [np.round(points * 16).astype(np.int32)], closed, 255, max(1, round(broad)), cv2.LINE_AA, 4)
    if broad < 1:
        dark *= max(broad, 0.4)
    page *= 1 - layer * np.float32(dark / 255)


def line(page: Grey, start: tuple[float, float], end: tuple[float, float], broad: float, dark: float) -> None:
    """A straight stroke."""
    stroke(page, np.array((start, end)), broad, dark)


def ruled(page: Grey, unit: float, rng: np.random.Generator) -> None:
    """Ruled or squared paper."""
    h, w = page.shape
    gap, broad, dark = unit * rng.uniform(0.45, 2.2), rng.uniform(0.4, 1.6), rng.uniform(0.1, 0.6)
    lean = rng.normal(0, 0.01)
    for y in np.arange(rng.uniform(0, gap), h, gap):
        line(page, (0, y), (w, y + lean * w), broad, dark)
    if rng.random() < 0.5:
        for x in np.arange(rng.uniform(0, gap), w, gap):
            line(page, (x, 0), (x - lean * h, h), broad, dark)


def margin_rule(page: Grey, unit: float, rng: np.random.Generator) -> None:
    """A rule along a margin or between columns, whole or a part of the page's height."""
    h, w = page.shape
    x = w * (rng.uniform(0.01, 0.3) if rng.random() < 0.6 else rng.uniform(0.7, 0.99))
    lean, dark = rng.normal(0, 0.01) * h, rng.uniform(0.25, 0.95)
    top, bottom = (0, h) if rng.random() < 0.6 else np.sort(rng.uniform(0, h, 2))
    for at in (x, x + unit * rng.uniform(0.1, 0.3)) if rng.random() < 0.15 else (x,):
        line(page, (at, top), (at + lean, bottom), rng.uniform(0.5, max(0.12 * unit, 0.6)), dark)


def field(page: Grey, x: float, y: float, half: float, tall: float, rng: np.random.Generator) -> None:
    """The line of a form on which something is written: its middle, and half of its width and height."""
    under = y + tall * rng.uniform(0.8, 1.2)
    reach = half * rng.uniform(0.9, 3, 2)
    line(page, (x - reach[0], under), (x + reach[1], under), rng.uniform(0.5, 2.5), rng.uniform(0.2, 0.95))


def box(page: Grey, left: float, top: float, right: float, bottom: float, rng: np.random.Generator) -> None:
    """A box of a form, whole, or what is left of its sides."""
    broad, dark = rng.uniform(0.5, 3), rng.uniform(0.25, 0.95)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    keep = np.ones(4, bool) if rng.random() < 0.6 else rng.random(4) < 0.5
    for at in np.flatnonzero(keep):
        line(page, corners[at], corners[(at + 1) % 4], broad, dark)


def table(page: Grey, columns: NDArray[np.float64], rows: NDArray[np.float64], rng: np.random.Generator) -> None:
    """The lines of a table, whose outer ones may be missing; every third of a sudoku is broader."""
    broad, dark = rng.uniform(0.5, 2.5), rng.uniform(0.25, 0.95)
    outer, thirds = rng.random() < 0.75, len(columns) == 10 and rng.random() < 0.7
    for lines, others, down in ((columns, rows, True), (rows, columns, False)):
        for at, place in enumerate(lines):
            if not outer and at in (0, len(lines) - 1):
                continue
            ends = ((place, others[0]), (place, others[-1])) if down else ((others[0], place), (others[-1], place))
            line(page, *ends, broad * (2 if thirds and at % 3 == 0 else 1), dark)


def holes(page: Grey, unit: float, rng: np.random.Generator) -> None:
    """Punch holes along a side: dark, light or only their shadowed rims."""
    h, w = page.shape
    radius = unit * rng.uniform(0.25, 1.2)
    x = radius * rng.uniform(1.0, 2.5)
    x = x if rng.random() < 0.7 else w - x
    inside, rim = rng.uniform(0.0, 1.0), rng.uniform(0.1, 0.9)
    count = int(rng.integers(1, 5))
    for y in rng.uniform(0.05, 0.2) * h + np.arange(count) * h * rng.uniform(0.15, 0.5):
        centre = (round(x * 16), round(float(y) * 16))
        disc = np.zeros(page.shape, np.uint8)
        cv2.circle(disc, centre, round(radius * 16), 255, -1, cv2.LINE_AA, 4)
        if rng.random() < 0.75:
            part = disc * np.float32(1 / 255)
            page += part * (np.float32(inside) - page)
        if rng.random() < 0.7:
            edge = np.zeros(page.shape, np.uint8)
            start = float(rng.uniform(0, 360))
            way = 360 if rng.random() < 0.5 else 180
            size = (round(radius * 16),) * 2
            cv2.ellipse(edge, centre, size, 0, start, start + way, 255, int(rng.integers(1, 3)), cv2.LINE_AA, 4)
            page *= 1 - edge * np.float32(rim / 255)


def ring(page: Grey, centre: tuple[float, float], size: tuple[float, float], broad: float, dark: float,
         rng: np.random.Generator) -> None:  # fmt: skip
    """A ring or a box drawn by hand; `size`: half of its width and height."""
    turns = rng.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi * rng.uniform(0.95, 1.1), 40)
    points = np.stack([np.cos(turns), np.sin(turns)], 1)
    if rng.random() < 0.3:
        points = np.sign(points) * np.abs(points) ** 0.4
    stroke(page, centre + points * size * (1 + rng.normal(0, 0.01, (40, 1))), broad, dark)


def fold(page: Grey, rng: np.random.Generator) -> None:
    """A fold: a line, and the paper darker on one side of it."""
    h, w = page.shape
    at, turn = rng.uniform(0.2, 0.8, 2) * (w, h), rng.choice((0, np.pi / 2)) + rng.normal(0, 0.1)
    away = (np.arange(w)[None] - at[0]) * np.cos(turn) + (np.arange(h)[:, None] - at[1]) * np.sin(turn)
    depth, reach = rng.uniform(0.05, 0.4), rng.uniform(3, 60)
    if rng.random() < 0.6:
        page *= np.where(away > 0, 1 - depth * np.exp(-np.maximum(away, 0) / reach), 1).astype(np.float32)
    if rng.random() < 0.6:
        page *= 1 - (rng.uniform(0.05, 0.5) * np.exp(-((away / rng.uniform(0.6, 2)) ** 2))).astype(np.float32)


def shadow(page: Grey, rng: np.random.Generator) -> None:
    """A shadow with an edge from hard to soft: of a straight thing, or round as a hand or a phone."""
    h, w = page.shape
    layer = np.zeros((h, w), np.uint8)
    if rng.random() < 0.5:
        middle, turn = rng.uniform(0.1, 0.9, 2) * (w, h), rng.uniform(0, 2 * np.pi)
        along, across = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))]) * 3 * max(h, w)
        corners = np.array([middle - along, middle + along, middle + along + across, middle - along + across])
        cv2.fillPoly(layer, [corners.astype(np.int32)], 255)
    else:
        for _ in range(int(rng.integers(1, 5))):
            axes = (rng.uniform(0.08, 0.5, 2) * max(h, w)).astype(int).tolist()
            middle = (rng.uniform(-0.1, 1.1, 2) * (w, h)).astype(int).tolist()
            cv2.ellipse(layer, middle, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
    soft = float(np.exp(rng.uniform(np.log(0.5), np.log(0.15 * max(h, w)))))
    blurred = cv2.GaussianBlur(layer, (0, 0), soft)
    page *= 1 - blurred * np.float32(rng.uniform(0.15, 0.7) / 255)


def dark_edges(page: Grey, textures: Textures, rng: np.random.Generator) -> None:
    """What a scanner sees beside the page: dark bands or wedges at some of its edges, sharp or fading; a thumb."""
    h, w = page.shape
    level = rng.uniform(0, 0.7)
    chosen = rng.random(4) < 0.4
    if not chosen.any():
        chosen[rng.integers(4)] = True
    alpha = np.zeros((h, w), np.float32)
    x, y = np.arange(w, dtype=np.float32)[None], np.arange(h, dtype=np.float32)[:, None]
    for side in np.flatnonzero(chosen):
        away = (x, y, w - 1 - x, h - 1 - y)[side]
        along = (y / h, x / w)[side % 2]
        broad = float(np.exp(rng.uniform(np.log(1.5), np.log(0.15 * min(h, w) + 2))))
        if rng.random() < 0.4:  # a wedge
            broad = broad * (along if rng.random() < 0.5 else 1 - along) * 2
        if rng.random() < 0.15:  # a thumb
            broad = broad * np.exp(-(((along - rng.uniform(0.2, 0.8)) / rng.uniform(0.05, 0.15)) ** 2))
        soft = rng.uniform(0.5, 1.5) if rng.random() < 0.75 else rng.uniform(2, 20)
        alpha = np.maximum(alpha, np.clip((broad - away) / soft + 0.5, 0, 1))
    dark = np.float32(level) + np.float32(rng.uniform(0, 0.06)) * textures.noise(h, w)
    page += alpha * (dark - page)


def table_top(h: int, w: int, textures: Textures, rng: np.random.Generator) -> Grey:
    """What a page lies on: `(h, w)`, dark or light, plain, cloth or wood."""
    top = np.full((h, w), rng.uniform(0.05, 0.9), np.float32)
    kind = rng.random()
    if kind < 0.4:
        top += np.float32(rng.uniform(0.02, 0.1)) * textures.noise(h, w)
    elif kind < 0.6:
        top += np.float32(rng.uniform(0.02, 0.1)) * textures.pattern(h, w)
    elif kind < 0.85:  # the grain of wood
        swing = textures.noise(h, w) * np.float32(rng.uniform(0.2, 2))
        way = np.arange(h)[:, None] if rng.random() < 0.5 else np.arange(w)[None]
        top += np.float32(rng.uniform(0.02, 0.12)) * np.sin(way / np.float32(rng.uniform(1, 8)) + swing)
    return np.asarray(np.clip(top, 0, 1), np.float32)
