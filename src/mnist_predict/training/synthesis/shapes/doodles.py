"""Figures that people draw and that are no digits, as strokes through points of a unit square."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.training.synthesis.shapes.hands import smooth

Points = list[tuple[float, float]]  # (x, y), y down


def _round(x: float, y: float, wide: float, tall: float, start: float = 0, end: float = 360) -> Points:
    """An arc about a middle, from one angle to another, in degrees."""
    turns = np.radians(np.linspace(start, end, 13))
    return [(x + wide * float(np.cos(turn)), y + tall * float(np.sin(turn))) for turn in turns]


def _line(*points: tuple[float, float]) -> Points:
    """Straight from point to point: each twice, where the pen turns sharply."""
    return [point for point in points for _ in range(2)]


FIGURES: dict[str, list[Points]] = {
    "house": [
        _line((0.1, 1), (0.1, 0.45), (0.5, 0), (0.9, 0.45), (0.9, 1), (0.1, 1)),
        _line((0.4, 1), (0.4, 0.65), (0.6, 0.65), (0.6, 1)),
    ],
    "star": [_line((0.2, 1), (0.5, 0), (0.8, 1), (0, 0.38), (1, 0.38), (0.2, 1))],
    "face": [_round(0.5, 0.5, 0.5, 0.5), _round(0.32, 0.38, 0.04, 0.06), _round(0.68, 0.38, 0.04, 0.06),
             _round(0.5, 0.55, 0.28, 0.25, 20, 160)],
    "heart": [[(0.5, 1), (0.05, 0.5), (0.1, 0.1), (0.35, 0.05), (0.5, 0.3), (0.65, 0.05), (0.9, 0.1), (0.95, 0.5),
               (0.5, 1)]],
    "tree": [_line((0.42, 1), (0.42, 0.6)), _line((0.58, 1), (0.58, 0.6)), _round(0.5, 0.32, 0.42, 0.32)],
    "fir": [_line((0.5, 0), (0.2, 0.4), (0.35, 0.4), (0.05, 0.8), (0.95, 0.8), (0.65, 0.4), (0.8, 0.4), (0.5, 0)),
            _line((0.5, 0.8), (0.5, 1))],
    "arrow": [_line((0, 0.5), (1, 0.5)), _line((0.7, 0.2), (1, 0.5), (0.7, 0.8))],
    "fish": [[(1, 0.2), (0.75, 0.5), (0.4, 0.8), (0.05, 0.5), (0.4, 0.2), (0.75, 0.5), (1, 0.8)],
             _line((1, 0.2), (1, 0.8)), _round(0.25, 0.42, 0.03, 0.04)],
    "sun": [_round(0.5, 0.5, 0.22, 0.22)] + [
        _line((0.5 + 0.3 * float(np.cos(turn)), 0.5 + 0.3 * float(np.sin(turn))),
              (0.5 + 0.5 * float(np.cos(turn)), 0.5 + 0.5 * float(np.sin(turn))))
        for turn in np.linspace(0, 2 * np.pi, 9)[:-1]
    ],
    "flower": [_round(0.5, 0.3, 0.1, 0.1)] + [
        _round(0.5 + 0.2 * float(np.cos(turn)), 0.3 + 0.2 * float(np.sin(turn)), 0.1, 0.1)
        for turn in np.linspace(0, 2 * np.pi, 6)[:-1]
    ] + [_line((0.5, 0.52), (0.5, 1)), [(0.5, 0.85), (0.65, 0.7), (0.8, 0.7)]],
    "cup": [_line((0.1, 0.2), (0.15, 0.9), (0.7, 0.9), (0.75, 0.2), (0.1, 0.2)), _round(0.75, 0.5, 0.2, 0.18, -90, 90)],
    "letter": [_line((0, 0.2), (1, 0.2), (1, 0.85), (0, 0.85), (0, 0.2)), _line((0, 0.2), (0.5, 0.6), (1, 0.2))],
    "car": [[(0, 0.7), (0.05, 0.5), (0.25, 0.45), (0.35, 0.25), (0.7, 0.25), (0.8, 0.45), (1, 0.55), (1, 0.7)],
            _line((0, 0.7), (1, 0.7)), _round(0.25, 0.75, 0.1, 0.1), _round(0.75, 0.75, 0.1, 0.1)],
    "umbrella": [_round(0.5, 0.5, 0.5, 0.45, 180, 360), _line((0, 0.5), (1, 0.5)),
                 [(0.5, 0.05), (0.5, 0.5), (0.5, 0.9), (0.6, 1), (0.7, 0.9)]],
    "person": [_round(0.5, 0.15, 0.12, 0.13), _line((0.5, 0.28), (0.5, 0.65)), _line((0.15, 0.4), (0.85, 0.4)),
               _line((0.2, 1), (0.5, 0.65), (0.8, 1))],
    "cat": [_round(0.5, 0.6, 0.4, 0.38), _line((0.15, 0.4), (0.15, 0), (0.4, 0.25)),
            _line((0.6, 0.25), (0.85, 0), (0.85, 0.4)), _line((0.2, 0.65), (0, 0.6)), _line((0.8, 0.65), (1, 0.6)),
            _round(0.5, 0.65, 0.05, 0.04)],
    "ship": [_line((0, 0.7), (0.2, 1), (0.8, 1), (1, 0.7), (0, 0.7)),
             _line((0.5, 0.7), (0.5, 0), (0.9, 0.6), (0.5, 0.6))],
    "crossing-out": [_line((0, 0.1), (1, 0.9)), _line((0, 0.9), (1, 0.1)), _line((0, 0.5), (1, 0.5))],
    "grid": [_line((0.33, 0), (0.33, 1)), _line((0.66, 0), (0.66, 1)), _line((0, 0.33), (1, 0.33)),
             _line((0, 0.66), (1, 0.66))],
    "wave": [[(0, 0.5), (0.1, 0.35), (0.2, 0.5), (0.3, 0.65), (0.4, 0.5), (0.5, 0.35), (0.6, 0.5), (0.7, 0.65),
              (0.8, 0.5), (0.9, 0.35), (1, 0.5)]],
}  # fmt: skip


def curve(ink: NDArray[np.uint8], points: NDArray[np.float64], pen: int) -> None:
    """Draw a smooth curve through points (n, 2) into ink (h, w)."""
    cv2.polylines(ink, [np.round(smooth(points) * 16).astype(np.int32)], False, 255, pen, cv2.LINE_AA, 4)
