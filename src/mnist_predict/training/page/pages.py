"""Pages with numbers anywhere on them, synthesized, to train the page network on: where lines of digits are, and what
looks like them and is none.

A sheet is written at the size in which the network sees it, laid down at an angle, and seen through a camera.
`docs/pages.png` shows some of them.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.training.page import scenery, scenes
from mnist_predict.training.page.labels import Placed, Target, target
from mnist_predict.training.page.sheet import Sheet
from mnist_predict.training.synthesis.paper import Grey


class Page(NamedTuple):
    """A page uint8 `(h, w)`, the lines of digits on it, and what the network is to say of it."""

    grey: NDArray[np.uint8]
    lines: list[Placed]
    target: Target


class Pages:
    """An endless supply of pages, written on one sheet after another; the same seed gives the same pages."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.rng = sheet.rng

    def reseed(self, rng: np.random.Generator) -> None:
        """Go on as that generator of random numbers has it."""
        self.rng = rng
        self.sheet.reseed(rng)

    def page(self, height: int, width: int) -> Page:
        """A page of that size, multiples of 4."""
        rng, sheet = self.rng, self.sheet
        turn = self._angle()
        size = (width, height) if round(turn / (np.pi / 2)) % 2 else (height, width)
        sheet.begin(*size)
        scene = rng.random()
        if scene < 0.25:
            scenes.one(sheet)
        elif scene < 0.48:
            scenes.cells(sheet)
        elif scene < 0.77:
            scenes.few(sheet)
        elif scene < 0.87:
            scenes.text(sheet)
        scenes.clutter(sheet, empty=scene >= 0.87)
        grey, lines = self._laid(height, width, turn)
        return Page(self._seen(grey), lines, target(lines, height, width))

    def _angle(self) -> float:
        rng = self.rng
        kind = rng.random()
        if kind < 0.64:
            return float(rng.normal(0, 0.02))
        if kind < 0.75:
            return float(rng.uniform(-0.3, 0.3))
        if kind < 0.92:
            return float(rng.integers(1, 4) * np.pi / 2 + rng.normal(0, 0.03))
        return float(rng.uniform(-np.pi, np.pi))

    def _laid(self, h: int, w: int, turn: float) -> tuple[Grey, list[Placed]]:
        """The page as it lies in the picture `(h, w)`: turned, and now and then smaller than the picture."""
        rng = self.rng
        rows, columns = self.sheet.page.shape
        on_table = rng.random() < 0.1
        scale = rng.uniform(0.6, 0.95) if on_table else 1.0
        to = np.asarray(cv2.getRotationMatrix2D((columns / 2, rows / 2), -np.degrees(turn), scale), np.float64)
        to[:, 2] += (w - columns) / 2, (h - rows) / 2
        if on_table:
            to[:, 2] += rng.normal(0, 0.05, 2) * (w, h)
        border = cv2.BORDER_REPLICATE if not on_table else cv2.BORDER_CONSTANT
        grey = cv2.warpAffine(self.sheet.page, to, (w, h), flags=cv2.INTER_LINEAR, borderMode=border, borderValue=-1)
        if on_table:
            below = scenery.table_top(h, w, self.sheet.textures, rng)
            grey = np.where(grey < 0, below, grey)
        return np.asarray(grey, np.float32), [line.moved(to, scale) for line in self.sheet.lines]

    def _seen(self, grey: Grey) -> NDArray[np.uint8]:
        """The page through a camera or a scanner: edges, light, blur, noise, JPEG, either polarity."""
        rng, draw = self.rng, self.rng.random
        h, w = grey.shape
        hard = 0.5 if self.sheet.well else 1.0
        if draw() < 0.15:
            scenery.dark_edges(grey, self.sheet.textures, rng)
        if draw() < 0.3:
            grey *= 1 - np.float32(hard * rng.uniform(0.05, 0.4)) * np.clip(
                0.5 + self.sheet.textures.noise(h, w) / 4, 0, 1
            )
        if draw() < 0.25:
            dim = np.linspace(1, rng.uniform(0.4, 1), w if draw() < 0.6 else h, dtype=np.float32)
            dim = dim if draw() < 0.5 else dim[::-1]
            grey *= dim[None] if len(dim) == w else dim[:, None]
        if draw() < 0.4:
            grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), rng.uniform(0.3, 0.9)), np.float32)
        if draw() < 0.3 * hard:
            low = rng.uniform(0, 0.3)
            grey = low + grey * np.float32(rng.uniform(0.4, 1) * (1 - low))
        if draw() < 0.5:
            grey = grey + np.float32(hard * rng.uniform(0.005, 0.05)) * self.sheet.textures.grain(h, w)
        if draw() < 0.12:
            grey = 1 - grey
        out = np.asarray(np.clip(grey * 255, 0, 255), np.uint8)
        if draw() < 0.3:
            _, coded = cv2.imencode(".jpg", out, (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 85))))
            out = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
        return out
