"""Digits as other schools write them, drawn with a pen of strokes: MNIST's writers were all from the US.

National shapes are those that handwriting primers teach: the 1 with a long upstroke or a foot, the barred 7, the
open 4, the 9 on a straight stem, the looped 2, the 3 with a flat top, the slashed 0. Drawn digits are mixed into
the training pictures; none is in a measured set.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Strokes = tuple[tuple[Point, ...], ...]

# Per digit its shapes; per shape its strokes; per stroke points (x right, y down, unit box) of a smooth curve.
SHAPES: dict[int, tuple[Strokes, ...]] = {
    0: (
        (((0.5, 0), (0.1, 0.3), (0.12, 0.72), (0.5, 1), (0.88, 0.7), (0.88, 0.28), (0.5, 0)),),
        (
            ((0.5, 0), (0.1, 0.3), (0.12, 0.72), (0.5, 1), (0.88, 0.7), (0.88, 0.28), (0.5, 0)),
            ((0.85, 0.1), (0.15, 0.9)),
        ),
        (
            (
                (0.35, 0.1),
                (0.1, 0.45),
                (0.3, 0.95),
                (0.7, 0.9),
                (0.85, 0.4),
                (0.55, 0.02),
                (0.3, 0.12),
                (0.6, 0.2),
                (0.9, 0.08),
            ),
        ),
    ),
    1: (
        (((0, 0.5), (0.6, 0)), ((0.6, 0), (0.6, 1))),
        (((0.2, 0.28), (0.6, 0)), ((0.6, 0), (0.6, 1))),
        (((0, 0.75), (0.65, 0)), ((0.65, 0), (0.6, 1))),
        (((0.2, 0.25), (0.55, 0)), ((0.55, 0), (0.55, 1)), ((0.15, 1), (0.95, 1))),
    ),
    2: (
        (((0.1, 0.22), (0.5, 0), (0.86, 0.25), (0.5, 0.65), (0.05, 1)), ((0.05, 1), (0.95, 1))),
        (
            (
                (0.1, 0.2),
                (0.5, 0),
                (0.85, 0.28),
                (0.5, 0.7),
                (0.12, 0.97),
                (0.08, 0.8),
                (0.3, 0.78),
                (0.6, 0.97),
                (0.95, 0.88),
            ),
        ),
    ),
    3: (
        (
            ((0.1, 0.02), (0.82, 0.02)),
            ((0.82, 0.02), (0.4, 0.4)),
            ((0.4, 0.4), (0.85, 0.55), (0.75, 0.92), (0.4, 1), (0.05, 0.88)),
        ),
        (
            ((0.1, 0.12), (0.5, 0), (0.85, 0.2), (0.4, 0.45)),
            ((0.4, 0.45), (0.9, 0.65), (0.6, 1), (0.05, 0.88)),
        ),
    ),
    4: (
        (((0.2, 0), (0.1, 0.55)), ((0.1, 0.55), (0.95, 0.52)), ((0.7, 0.25), (0.62, 1))),
        (((0.5, 0), (0.02, 0.62)), ((0.02, 0.62), (1, 0.62)), ((0.65, 0.35), (0.62, 1))),
        (((0.72, 1), (0.72, 0)), ((0.72, 0), (0.02, 0.68)), ((0.02, 0.68), (0.98, 0.68))),
        (((0.15, 0), (0.1, 0.4), (0.4, 0.55), (0.85, 0.4)), ((0.85, 0), (0.85, 1))),
    ),
    5: (
        (
            ((0.25, 0.02), (0.9, 0)),
            ((0.25, 0.02), (0.18, 0.45)),
            ((0.18, 0.45), (0.6, 0.36), (0.88, 0.65), (0.6, 0.98), (0.05, 0.92)),
        ),
        (((0.92, 0.02), (0.3, 0.06), (0.22, 0.42), (0.7, 0.45), (0.8, 0.8), (0.4, 1), (0.05, 0.9)),),
    ),
    6: (
        (((0.75, 0), (0.3, 0.3), (0.1, 0.7), (0.4, 1), (0.85, 0.78), (0.55, 0.52), (0.12, 0.72)),),
        (((0.3, 0), (0.1, 0.5), (0.2, 0.92), (0.6, 1), (0.85, 0.72), (0.5, 0.52), (0.12, 0.75)),),
    ),
    7: (
        (((0.02, 0.05), (0.95, 0.02)), ((0.95, 0.02), (0.6, 0.45), (0.4, 1)), ((0.25, 0.52), (0.85, 0.48))),
        (
            ((0.03, 0.2), (0.05, 0.02)),
            ((0.05, 0.02), (0.9, 0.02)),
            ((0.9, 0.02), (0.45, 1)),
            ((0.3, 0.52), (0.85, 0.5)),
        ),
        (((0.02, 0.1), (0.3, 0), (0.6, 0.1), (0.95, 0)), ((0.95, 0), (0.45, 1)), ((0.3, 0.45), (0.85, 0.55))),
        (((0.05, 0.22), (0.08, 0.03)), ((0.08, 0.03), (0.92, 0.03)), ((0.92, 0.03), (0.5, 1))),
    ),
    8: (
        (
            (
                (0.5, 0.47),
                (0.15, 0.24),
                (0.5, 0),
                (0.85, 0.24),
                (0.5, 0.47),
                (0.1, 0.76),
                (0.5, 1),
                (0.9, 0.76),
                (0.5, 0.47),
            ),
        ),
        (
            (
                (0.9, 0.08),
                (0.45, 0),
                (0.15, 0.25),
                (0.75, 0.62),
                (0.7, 0.95),
                (0.25, 0.95),
                (0.2, 0.65),
                (0.9, 0.08),
            ),
        ),
    ),
    9: (
        (((0.82, 0.15), (0.45, 0), (0.1, 0.25), (0.4, 0.5), (0.82, 0.22)), ((0.84, 0.05), (0.8, 1))),
        (
            ((0.8, 0.2), (0.45, 0), (0.1, 0.25), (0.4, 0.5), (0.82, 0.2)),
            ((0.82, 0.2), (0.78, 0.8), (0.45, 1), (0.1, 0.9)),
        ),
        (((0.8, 0.2), (0.4, 0.02), (0.12, 0.3), (0.45, 0.48), (0.8, 0.2)), ((0.8, 0.2), (0.35, 1))),
    ),
}
SIZE = 112  # drawn four times as large as MNIST, so that pens come in quarters of a pixel


def draw(labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """One drawn picture `[N, 28, 28]` (ink = 255) for each label `[N]`, placed as MNIST's are."""
    return np.stack([_place(_draw(int(label), rng)) for label in labels])


def _draw(label: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    shapes = SHAPES[label]
    strokes = shapes[rng.integers(len(shapes))]
    height = 80.0
    width = height * rng.uniform(0.3, 0.7) if label == 1 else height * rng.uniform(0.5, 1.0)
    pen = int(rng.uniform(5, 16))
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    nudges: dict[Point, NDArray[np.float64]] = {}  # points that strokes share stay together
    for stroke in strokes:
        points = np.array([np.array(p) + nudges.setdefault(p, rng.normal(0, 0.035, 2)) for p in stroke])
        curve = _smooth(points) * (width, height) + ((SIZE - width) / 2, (SIZE - height) / 2)
        cv2.polylines(canvas, [np.round(curve * 16).astype(np.int32)], False, 255, pen, cv2.LINE_AA, 4)
    return canvas


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A curve through the points (Catmull and Rom 1974), 12 steps between two of them."""
    ends = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    a, b, c, d = ends[:-3, None], ends[1:-2, None], ends[2:-1, None], ends[3:, None]
    t = np.linspace(0, 1, 12)[None, :, None]
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.asarray(curve.reshape(-1, 2))


def _place(canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The canvas's ink in a 20-pixel box, its centre of mass in the middle of 28 x 28."""
    x, y, w, h = cv2.boundingRect(canvas)
    scale = 20 / max(w, h)
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    small = cv2.resize(canvas[y : y + h, x : x + w], size, interpolation=cv2.INTER_AREA)
    moments = cv2.moments(small)
    shift = [13.5 - moments[m] / moments["m00"] for m in ("m10", "m01")]
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    return np.asarray(cv2.warpAffine(small, matrix, (28, 28)), np.uint8)
