"""Strokes that are no part of a symbol: through what is struck out, around what is ringed, from one digit to the next.

All draw into a field `(h, w)` of distances to the pen's strokes, less than its radius in them.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.reading import Box
from mnist_predict.training.synthesis.paper import Grey
from mnist_predict.training.synthesis.style import Hand

Ends = tuple[int, int, int, int]  # first and last row, first and last column


def draw(field: Grey, points: NDArray[np.float64], hand: Hand) -> None:
    """A stroke through these points (x, y) with the pen of that hand."""
    reach = 2 + hand.radius if not hand.outline else 2 + 0.1 * hand.height
    left, top = (max(int(v - reach), 0) for v in points.min(0))
    right, bottom = (int(v + reach) + 1 for v in points.max(0))
    apart = np.ones((max(bottom - top, 1), max(right - left, 1)), np.uint8)
    cv2.polylines(apart, [np.round((points - (left, top)) * 16).astype(np.int32)], False, 0, 1, cv2.LINE_8, 4)
    distance = cv2.distanceTransform(apart, cv2.DIST_L2, 3)
    part = field[top:bottom, left:right]
    thick = 0.04 * hand.height if hand.outline else 0.0
    np.minimum(part, distance[: part.shape[0], : part.shape[1]] - thick, out=part)


def strike_out(field: Grey, box: Box, hand: Hand, rng: np.random.Generator) -> None:
    """Strike out what stands in a box: by one line or two, a slanted one, a cross, or a zigzag."""
    kind = rng.random()
    over = hand.height * rng.uniform(-0.1, 0.3, 2)
    left, right = box.x - over[0], box.right + over[1]
    top, bottom, h = box.y, box.bottom, box.h

    def across(at: float, to: float) -> NDArray[np.float64]:
        ys = np.array([at, (at + to) / 2, to]) + rng.normal(0, 0.03, 3)
        return np.stack([np.array([left, (left + right) / 2, right]), top + ys * h], 1)

    if kind < 0.4:
        at = rng.uniform(0.35, 0.65)
        lines = [across(at, at + rng.normal(0, 0.06))]
    elif kind < 0.6:
        at = rng.uniform(0.3, 0.5)
        lines = [across(at, at), across(at + 0.2, at + 0.2)]
    elif kind < 0.8:
        lines = [across(rng.uniform(0.8, 1.1), rng.uniform(-0.1, 0.2))]
    elif kind < 0.9:
        lines = [across(1, 0), across(0, 1)]
    else:
        count = int(rng.integers(4, 9))
        xs = np.linspace(left, right, count)
        ys = np.where(np.arange(count) % 2, top + 0.2 * h, bottom - 0.2 * h)
        lines = [np.stack([xs, ys + rng.normal(0, 0.08 * h, count)], 1)]
    for points in lines:
        draw(field, points, hand)


def ring(field: Grey, ends: Ends, hand: Hand, rng: np.random.Generator) -> None:
    """A ring or a hand-drawn box around all that is written."""
    top, bottom, first, last = ends
    centre = np.array([(first + last) / 2, (top + bottom) / 2])
    reach = np.array([last - first, bottom - top]) / 2 + hand.height * rng.uniform(0.05, 0.5, 2)
    turns = rng.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi * rng.uniform(0.95, 1.1), 40)
    round_ = np.stack([np.cos(turns), np.sin(turns)], 1)
    if rng.random() < 0.4:  # squarer
        round_ = np.sign(round_) * np.abs(round_) ** 0.4
    else:
        reach[0] *= 1.15
    draw(field, centre + reach * round_ * (1 + rng.normal(0, 0.01, (40, 1))), hand)
