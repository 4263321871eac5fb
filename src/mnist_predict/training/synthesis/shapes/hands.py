"""Digits as other schools write them, drawn with a pen of strokes: MNIST's writers were all from the US.

National shapes are those that handwriting primers teach: the 1 with a long upstroke or a foot, the barred 7, the
open 4, the 9 on a straight stem, the looped 2, the 3 with a flat top, the slashed 0. Drawn digits are mixed into
the training pictures; none is in a measured set.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]  # (points, 2), x right and y down, in a box of 1 x 1

# Per digit its shapes, the usual ones first; per shape its strokes (";"); per stroke the points of a smooth curve
# ("x,y", percent of the box, y down). Points that two strokes share stay together: there the pen turned sharply.
SHAPES: dict[int, tuple[str, ...]] = {
    0: (
        "50,0 10,30 12,72 50,100 88,70 88,28 50,0",
        "60,2 22,20 8,60 30,98 72,92 92,50 80,12 50,4",
        "35,10 10,45 30,95 70,90 85,40 55,2 30,12 60,20 90,8",  # closed with a curl
        "60,5 15,20 10,75 50,98 88,70 82,20 45,8 40,25 70,28 100,12",
        "45,5 8,40 25,95 75,92 90,40 60,2 45,10 75,15 105,0",  # the pen goes on to the next
        "80,12 40,4 10,40 25,92 70,96 92,50 70,8 50,22",
        "50,0 10,30 12,72 50,100 88,70 88,28 50,0; 85,10 15,90",  # slashed
        "40,0 12,35 15,75 50,100 85,75 86,35 62,6",  # left open
        "30,0 5,50 40,100 85,80 95,35 60,0 25,8",
    ),
    1: (
        "50,0 50,100",
        "0,50 60,0; 60,0 60,100",
        "20,28 60,0; 60,0 60,100",
        "0,75 65,0; 65,0 60,100",  # a long upstroke
        "0,95 60,0; 60,0 62,100",
        "10,45 40,25 60,0; 60,0 52,50 55,100",
        "20,25 55,0; 55,0 55,100; 15,100 95,100",  # a foot
        "5,40 55,0; 55,0 55,100; 20,98 90,100",
        "30,20 50,0; 50,0 48,70 60,100 80,92",
        "62,0 40,100",
    ),
    2: (
        "10,22 50,0 86,25 50,65 5,100; 5,100 95,100",
        "12,25 45,0 85,20 60,60 5,98; 5,98 50,92 95,98",
        "10,20 50,0 85,28 50,70 12,97 8,80 30,78 60,97 95,88",  # looped
        "15,18 55,0 88,30 45,75 8,95 20,72 45,82 70,100 98,90",
        "8,10 50,0 85,5; 85,5 50,55 5,100; 5,100 95,96",  # nearly a Z
        "20,30 15,10 50,0 80,22 55,60 10,92 40,90 95,100",  # a swan's neck
        "5,30 40,0 80,15 72,50 30,85 2,100; 2,100 40,88 70,98 100,80",
        "15,15 60,0 90,30 60,70 20,100 60,105",
        "5,30 35,0 75,20 45,70 5,98 2,80 30,75 55,95 100,85",
        "20,20 50,2 75,25 50,65 20,95 5,85 25,75 50,92 95,98",
    ),
    3: (
        "10,12 50,0 85,20 40,45; 40,45 90,65 60,100 5,88",
        "10,2 82,2; 82,2 40,40; 40,40 85,55 75,92 40,100 5,88",  # a flat top
        "5,5 45,0 90,2; 90,2 45,38; 45,38 90,60 70,98 5,92",
        "10,10 55,0 80,22 55,45 35,45 60,42 92,70 55,100 5,85",  # a loop in the middle
        "15,15 50,0 75,18 50,44; 50,44 85,55 95,85 50,108 8,100",
        "5,15 60,0 78,25 40,48; 40,48 80,62 60,95 0,100",
        "20,8 60,2 70,25 45,42; 45,42 95,50 100,95 30,105 0,90",
        "10,20 30,0 75,5 70,38 35,46; 35,46 85,55 85,95 30,102 10,85 25,78",  # a curl below
    ),
    4: (
        "20,0 10,55; 10,55 95,52; 70,25 62,100",
        "50,0 2,62; 2,62 100,62; 65,35 62,100",
        "72,100 72,0; 72,0 2,68; 2,68 98,68",
        "15,0 10,40 40,55 85,40; 85,0 85,100",  # an open h turned over
        "25,0 5,50; 5,50 50,60 100,50; 80,5 70,100",
        "10,0 8,45 45,60 80,45 85,5; 85,5 80,60 75,100",
        "55,0 5,70; 5,70 100,66; 55,40 50,100",
        "30,0 0,60; 0,60 90,60; 60,30 50,105",
        "10,0 5,35 25,50 75,40; 85,5 75,45 65,100",
        "20,5 0,45 30,60 80,50; 75,10 70,55 45,105",
        "65,0 0,60 30,68 100,58; 65,0 62,100",
        "75,0 65,55 60,105; 75,0 0,62; 0,62 40,58 100,62",
    ),
    5: (
        "25,2 90,0; 25,2 18,45; 18,45 60,36 88,65 60,98 5,92",
        "92,2 30,6 22,42 70,45 80,80 40,100 5,90",
        "20,5 15,45; 15,45 60,38 85,68 55,100 5,92; 25,5 95,2",
        "30,0 22,40; 22,40 65,38 85,70 50,100 8,95; 35,-3 100,-8",
        "85,0 35,2; 35,2 15,48 55,45 70,75 30,100 0,95",
        "35,5 15,50; 15,50 50,42 75,60 60,100 10,100; 45,8 100,0",  # the flag beside it
        "25,5 20,55 45,40 75,45; 75,45 80,80 30,100; 25,5 85,5",  # nearly an r
        "95,5 60,0 25,12 20,40 60,50 80,75 45,102 0,85",  # nearly an S
        "25,0 30,45 75,55 75,90 30,100 0,80; 25,0 90,5",
    ),
    6: (
        "75,0 30,30 10,70 40,100 85,78 55,52 12,72",
        "30,0 10,50 20,92 60,100 85,72 50,52 12,75",
        "60,0 20,45 12,80 45,100 75,82 60,62 30,68 15,85",
        "90,5 50,5 15,45 15,90 60,100 88,72 55,50 18,68",
        "20,0 5,60 30,100 75,92 80,60 40,55 10,80",  # nearly a b
        "85,12 45,0 10,40 10,85 50,102 90,80 75,52 40,52 15,75",
        "55,0 15,60 25,98 70,95 75,70 45,65 20,90 40,60 70,55",
    ),
    7: (
        "2,5 95,2; 95,2 60,45 40,100",
        "2,5 95,2; 95,2 60,45 40,100; 25,52 85,48",  # barred
        "3,20 5,2; 5,2 90,2; 90,2 45,100; 30,52 85,50",
        "2,10 30,0 60,10 95,0; 95,0 45,100; 30,45 85,55",
        "5,22 8,3; 8,3 92,3; 92,3 50,100",
        "0,15 25,0 60,8 95,2; 95,2 60,50 55,100",
        "5,8 90,0; 90,0 70,50 65,100; 40,55 95,45",
        "10,15 15,0 90,5; 90,5 50,50 30,105; 15,60 75,45",
        "0,0 85,5; 85,5 80,60 75,100",
        "0,12 10,0 35,8 70,5 95,0; 95,0 55,50 35,100; 20,55 50,48 85,50",
        "15,25 10,5 50,8 90,0; 90,0 40,60 30,100; 35,50 80,50",
    ),
    8: (
        "50,47 15,24 50,0 85,24 50,47 10,76 50,100 90,76 50,47",
        "90,8 45,0 15,25 75,62 70,95 25,95 20,65 90,8",
        "80,15 40,0 15,25 50,45 88,75 50,100 10,75 45,45 85,20",
        "85,5 50,5 20,25 80,70 50,100 15,75 60,40 95,0",  # left open above
        "50,45 20,22 50,0 80,22 50,45; 50,45 8,72 50,100 92,72 50,45",
        "30,10 20,30 70,60 85,85 50,102 15,85 30,60 75,30 65,5 30,10",
        "15,15 45,0 75,15 55,40 15,70 35,100 80,95 85,70 45,45 15,15",
        "95,0 60,15 25,10 30,35 75,65 60,100 15,95 25,60 95,0",
    ),
    9: (
        "82,15 45,0 10,25 40,50 82,22; 84,5 80,100",
        "80,20 45,0 10,25 40,50 80,20; 80,20 78,80 45,100 10,90",
        "80,20 40,2 12,30 45,48 80,20; 80,20 35,100",
        "85,10 40,0 8,28 40,52 85,25; 85,10 85,70 50,102 12,92",
        "75,25 40,0 12,22 35,50 75,25; 75,25 80,5; 80,5 70,60 60,100",
        "80,10 30,5 5,35 40,55 75,35 80,10 82,55 70,105",
        "85,5 50,0 10,20 25,50 70,40 85,5 75,60 30,105 5,90 40,80",  # a loop below
        "80,30 50,5 15,15 15,45 55,52 80,30 70,0 85,50 80,100",
        "90,0 40,5 10,35 45,50 85,20; 90,0 70,60 40,100",
        # As a cursive g, taught all over Latin America: the stem comes back in a loop and leaves to the right.
        "85,10 45,0 12,22 35,48 82,18; 85,5 82,70 55,102 20,95 35,75 100,55",
        "80,12 40,2 15,25 40,46 80,15 78,75 50,100 22,90 45,68 95,52",
        "88,8 50,0 18,20 30,42 75,28 85,8 70,80 35,102 15,88 50,65 90,55",
        "80,10 45,0 15,22 40,45 78,20 75,60 60,100 45,92 60,65 95,45",
        "82,12 45,0 12,25 38,48 80,20 80,75 50,103 15,90 30,72 78,62",
        "75,8 50,0 30,15 45,32 75,15 78,65 45,100 10,85 35,62 80,50",
        "85,15 55,0 15,12 15,40 60,42 85,12; 85,12 60,75 15,100 0,85 40,65 75,58",
    ),
}
SIZE = 112  # drawn four times as large as MNIST, so that pens come in quarters of a pixel


def draw(labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """One drawn picture `[N, 28, 28]` (ink = 255) for each label `[N]`, placed as MNIST's are."""
    return np.stack([_place(_draw(int(label), rng)) for label in labels])


def strokes(label: int, shape: int, rng: np.random.Generator) -> list[Curve]:
    """The curves of a digit in that shape, each time a little otherwise."""
    return curves(SHAPES[label][shape], rng)


def curves(shape: str, rng: np.random.Generator) -> list[Curve]:
    """The curves of a shape that is written as those of SHAPES are, each time a little otherwise."""
    nudges: dict[tuple[float, float], NDArray[np.float64]] = {}
    jitter = rng.uniform(0.015, 0.06)
    return [
        smooth(np.array([np.array(p) + nudges.setdefault(p, rng.normal(0, jitter, 2)) for p in points]))
        for points in _parsed(shape)
    ]


def breadth(label: int, rng: np.random.Generator) -> float:
    """Width over height of a written digit."""
    return float(rng.uniform(0.25, 0.7) if label == 1 else rng.uniform(0.45, 1.0))


@cache
def _parsed(shape: str) -> tuple[tuple[tuple[float, float], ...], ...]:
    return tuple(
        tuple((float(x) / 100, float(y) / 100) for x, y in (point.split(",") for point in stroke.split()))
        for stroke in shape.split(";")
    )


def _draw(label: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    height = 80.0
    width = height * breadth(label, rng)
    pen = int(rng.uniform(5, 16))
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    for curve in strokes(label, int(rng.integers(len(SHAPES[label]))), rng):
        placed = curve * (width, height) + ((SIZE - width) / 2, (SIZE - height) / 2)
        cv2.polylines(canvas, [np.round(placed * 16).astype(np.int32)], False, 255, pen, cv2.LINE_AA, 4)
    return canvas


def smooth(points: Curve) -> Curve:
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
