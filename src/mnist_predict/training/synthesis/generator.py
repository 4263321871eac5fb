"""Numbers as hands write them, synthesized: strips of digits side by side, to train a line model on.

Each strip is one hand (`writing`) on paper (`paper`), seen through a camera (`camera`): light, blur, low resolution,
JPEG. `docs/strips.png` shows a sheet of them.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np

from mnist_predict.training.synthesis import content
from mnist_predict.training.synthesis.blanks import blank
from mnist_predict.training.synthesis.camera import Strip, photographed, resized
from mnist_predict.training.synthesis.cells import cells
from mnist_predict.training.synthesis.paper import Grey, Papers
from mnist_predict.training.synthesis.shapes.bank import Bank
from mnist_predict.training.synthesis.shapes.fonts import Mask
from mnist_predict.training.synthesis.style import HEIGHT, Hand
from mnist_predict.training.synthesis.writing import LONGEST, Writer
from mnist_predict.vision.read.alphabet import CURRENCY, MARKS, OTHER, STRUCK

_SYMBOL = {"$": CURRENCY, "€": CURRENCY, "'": OTHER, "*": OTHER, "~": OTHER}  # of the marks that are drawn


class Labelled(NamedTuple):
    """A strip uint8 `(32, w)` and what is written on it, over `alphabet.SYMBOLS`.

    `loose`: symbols that may stand there too, unlabelled: no one knows where and how many. `learned`: people labelled
    it, to be learned from; it is not synthesized.
    """

    strip: Strip
    label: str
    loose: str = ""
    learned: bool = False


class Synthesis:
    """An endless supply of strips; the same seed gives the same strips."""

    def __init__(self, bank: Bank, papers: Papers, rng: np.random.Generator, plain: float = 0.1) -> None:
        self.papers = papers
        self.rng = rng
        self.plain = plain  # the share of strips that are clean ink on clean paper
        self._writer = Writer(bank, papers, rng)

    def strip(self) -> Labelled:
        """A strip and its label, empty where there is neither digit nor mark (one in eight)."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.12:
            return Labelled(self._photographed(blank(HEIGHT, self.papers, rng), 1.0), "", OTHER + MARKS)
        if kind < 0.2:
            return self._tight_digit()
        if kind < 0.28:
            return self._in_cells()
        line = content.line(rng)
        ink, hand, _ = self._writer.write(line, alone=False)
        label = "".join(STRUCK if sign.struck else _SYMBOL.get(sign.symbol, sign.symbol) for sign in line)
        loose = OTHER
        if rng.random() < 0.1:
            self._flourish(ink, hand)
            loose = OTHER + MARKS
        if rng.random() < 0.05 and self.papers.words:
            ink = self._beside(self.papers.words.draw(rng), ink, hand)
            loose = OTHER + MARKS
        if rng.random() < 0.1:
            ink = self._beside_a_rule(ink, hand)
        return Labelled(self._photographed(ink, hand.height / HEIGHT), label, loose)

    def _in_cells(self) -> Labelled:
        """A number in boxes of a digit each, or several numbers in the columns of a table: a wall parts those alone."""
        rng = self.rng
        is_comb = rng.random() < 0.5
        parts = content.comb(rng) if is_comb else content.columns(rng)
        line = [sign for part in parts for sign in part]
        ink, hand, boxes = self._writer.write(line, alone=True, room=float(rng.uniform(0, 0.5)))
        rest = iter(boxes)
        walls = cells([[next(rest) for _ in part] for part in parts], ink.shape, rng)
        label = ("" if is_comb else OTHER).join("".join(sign.symbol for sign in part) for part in parts)
        return Labelled(self._photographed(np.maximum(ink, walls), hand.height / HEIGHT), label)

    def _photographed(self, ink: Grey, fine: float) -> Strip:
        return photographed(ink, self.papers, self.rng, self.plain, fine)

    def _beside(self, word: Mask, ink: Grey, hand: Hand) -> Grey:
        """As in a line of a form: letters before or behind the number are none of it."""
        rng = self.rng
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

    def _beside_a_rule(self, ink: Grey, hand: Hand) -> Grey:
        """A margin rule, the rule of a column, or the dark edge of a scan, before or behind what is written."""
        rng = self.rng
        gap, behind = (int(hand.height * reach) for reach in rng.uniform((0.05, 0.02), (0.9, 0.5)))
        broad = float(rng.uniform(0.6, 3)) if rng.random() < 0.7 else float(rng.uniform(3, 20))
        wide = min(gap + math.ceil(broad) + behind, LONGEST - ink.shape[1])
        if wide < 1:
            return ink
        layer = np.zeros((HEIGHT, wide), np.uint8)
        at, lean = behind + broad / 2, rng.normal(0, 0.5)
        top, bottom = (-4, HEIGHT + 4) if rng.random() < 0.8 else np.sort(rng.uniform(0, HEIGHT, 2))
        ends = np.round(np.array([(at - lean, top), (at + lean, bottom)]) * 16).astype(np.int32)
        cv2.line(layer, ends[0].tolist(), ends[1].tolist(), 255, max(1, round(broad)), cv2.LINE_AA, 4)
        rule = layer * np.float32(rng.uniform(0.25, 1) / 255)
        return np.hstack([rule, ink] if rng.random() < 0.5 else [ink, rule[:, ::-1]])

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

    def _tight_digit(self) -> Labelled:
        """A single digit cut off at its ink and stretched to the strip's height, often coarse and two-level."""
        rng = self.rng
        digit = str(rng.integers(10))
        ink = self._writer.write([content.Sign(digit)], alone=True).ink
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
            return Labelled((255 * (1 - ink)).astype(np.uint8), digit, OTHER)
        return Labelled(self._photographed(ink, 1.0), digit, OTHER)
