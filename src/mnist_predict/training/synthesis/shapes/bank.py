"""Shapes to write with: each digit, mark and word as two maps of distances, which any pen can trace.

A pen of width 2r is every point nearer than r to the middle line of a stroke; a blunter or finer print of the same
glyph is every point nearer than some distance to its outline. So a shape is kept as its distance to its skeleton
and to its outline (T. Y. Zhang, C. Y. Suen 1984 for the skeleton; G. Borgefors 1986 for the distances), and to write
it in any size, slant and pen is one affine sampling and one comparison.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.training import mnist
from mnist_predict.training.handwriting import Sample
from mnist_predict.training.synthesis.shapes import hands

SIDE = 84  # of a map, three times MNIST's
TALL = 60  # of a digit in it
STEP = 8  # steps of distance in a pixel of the map
MARKS = {  # what stands beside digits and is none: strokes as in hands.SHAPES, in the box of a digit
    ".": "48,96 52,98",
    ",": "52,92 50,100 42,110",
    "'": "52,0 48,14",
    "-": "10,55 90,52",
    "=": "10,42 90,40; 10,64 90,62",
    "~": "5,58 30,48 65,60 95,50",
    "/": "110,-15 -10,115",
    "*": "50,20 50,70; 25,32 75,58; 75,32 25,58",
    "#": "35,0 25,100; 75,0 65,100; 5,35 100,33; 0,68 95,66",
    "(": "75,-8 35,20 30,80 75,110",
    ")": "25,-8 65,20 70,80 25,110",
    "$": "85,20 45,8 15,28 80,68 55,92 10,80; 50,-8 48,108",
    "€": "95,15 60,0 25,50 60,100 95,88; 5,40 75,38; 5,60 70,58",
    ":": "50,30 52,32; 50,75 52,77",
    "x": "10,45 80,95; 80,45 10,95",
    "+": "50,25 50,80; 15,53 85,52",
    "%": "90,0 10,100; 25,5 10,22 25,40 40,22 25,5; 75,60 60,78 75,98 92,78 75,60",
}

Map = NDArray[np.uint8]
Part = tuple[Map, Map, tuple[int, ...]]  # distances to skeleton and outline, and the box


@dataclass
class Shapes:
    """Shapes of one kind.

    `skeletons` uint8 `[N, 84, 84]`: distance to the middle line; `outlines`: 128 + distance to the outline, less
    inside; both in eighths of a pixel, cut off at the ends of uint8. `boxes` int `[N, 4]`: x, y, w, h of what is
    placed. `labels` `[N]`: 0 to 9, or the index of a mark. `hands` `[N]`: shapes of one hand or font share a number.
    """

    skeletons: Map
    outlines: Map
    boxes: NDArray[np.int32]
    labels: NDArray[np.int64]
    hands: NDArray[np.int64]

    def __post_init__(self) -> None:
        self._of: dict[tuple[int, int], NDArray[np.int64]] = {}
        for key in ("labels", "hands"):
            values = getattr(self, key)
            order = np.argsort(values, kind="stable")
            cuts = np.flatnonzero(np.diff(values[order])) + 1
            for part in np.split(order, cuts):
                if len(part):
                    self._of[(0 if key == "labels" else 1, int(values[part[0]]))] = part
        self.all_hands = [hand for kind, hand in self._of if kind == 1]

    def of_label(self, label: int) -> NDArray[np.int64]:
        """Where the shapes of that label are."""
        return self._of[(0, label)]

    def has(self, label: int) -> bool:
        """Whether there are shapes of that label."""
        return (0, label) in self._of

    def of_hand(self, hand: int) -> NDArray[np.int64]:
        """Where the shapes of that hand or font are."""
        return self._of[(1, hand)]


@dataclass(frozen=True)
class Bank:
    """The shapes to write with."""

    mnist: Shapes
    drawn: Shapes
    marks: Shapes
    displays: Shapes
    written: Shapes | None
    printed: Shapes | None
    real: Shapes | None = None  # digits of other hands than MNIST's
    printed_marks: Shapes | None = None


def of_mnist(data: Path, held_out: bool, every: int = 1) -> Shapes:
    """The training pictures of MNIST, or those of them that are held out, or every so many of either; each is a hand of
    its own."""
    pictures, labels = mnist.load(data, "train")
    chosen = mnist.split(len(pictures))[1 if held_out else 0][::every]
    large = (cv2.resize(pictures[i], (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for i in chosen)
    return _shapes(((picture > 110).astype(np.uint8) for picture in large), labels[chosen], np.arange(len(chosen)))


def of_samples(samples: Sequence[Sample]) -> Shapes:
    """Digits of real hands; the digits of a writer share a hand."""
    names = {name: number for number, name in enumerate(sorted({sample.hand for sample in samples}))}

    def both() -> Iterator[Part]:
        for sample in samples:
            if isinstance(sample.ink, list):
                yield _of_line(_traced(sample.ink))
            else:
                yield _of_mask(_fitted(sample.ink))

    labels = np.array([int(sample.label) for sample in samples])
    return _gathered(both(), labels, np.array([names[sample.hand] for sample in samples]))


def of_strokes(count: int, rng: np.random.Generator) -> Shapes:
    """So many digits drawn in the national shapes of `hands`; a shape of a digit is a hand."""
    labels = rng.integers(0, 10, count)
    which = np.array([rng.integers(len(hands.SHAPES[label])) for label in labels])
    lines = (
        _drawn(hands.strokes(label, shape, rng), hands.breadth(label, rng))
        for label, shape in zip(labels.tolist(), which.tolist(), strict=True)
    )
    return _drawn_shapes(lines, labels, 100 * labels + which)


def of_marks(count: int, rng: np.random.Generator) -> Shapes:
    """So many marks, drawn; their label is their place in MARKS, and their box that of a digit beside them."""
    labels = rng.integers(0, len(MARKS), count)
    names = list(MARKS)
    lines = (_drawn(hands.curves(MARKS[names[label]], rng), float(rng.uniform(0.2, 0.8))) for label in labels)
    return _beside_digits(_drawn_shapes(lines, labels, labels))


def of_glyphs(glyphs: Iterable[tuple[Map, int, int]]) -> Shapes:
    """Glyphs (a mask `(h, w)` of at most 84 by 84, its label, its font)."""
    listed = list(glyphs)
    masks = (_centred(mask) for mask, _, _ in listed)
    return _shapes(masks, np.array([label for _, label, _ in listed]), np.array([font for _, _, font in listed]))


def of_printed_marks(marks: Iterable[tuple[Map, int]]) -> Shapes:
    """Marks of fonts (a mask `(84, w)`, its place in MARKS)."""
    listed = list(marks)
    labels = np.array([label for _, label in listed])
    return _beside_digits(_shapes((_centred(mask) for mask, _ in listed), labels, labels))


def _beside_digits(marks: Shapes) -> Shapes:
    """Marks whose boxes have the height of a digit beside them."""
    marks.boxes[:, 1], marks.boxes[:, 3] = (SIDE - TALL) // 2, TALL
    return marks


def _shapes(masks: Iterable[Map], labels: NDArray[np.integer], of: NDArray[np.integer]) -> Shapes:
    return _gathered(map(_of_mask, masks), labels, of)


def _drawn_shapes(lines: Iterable[Map], labels: NDArray[np.integer], of: NDArray[np.integer]) -> Shapes:
    return _gathered(map(_of_line, lines), labels, of)


def _of_mask(mask: Map) -> Part:
    from skimage.morphology import skeletonize

    line = skeletonize(mask.astype(bool)).astype(np.uint8)  # type: ignore[no-untyped-call]
    return _to_line(line), _to_outline(mask), tuple(cv2.boundingRect(mask))


def _of_line(line: Map) -> Part:
    to_line = _to_line(line)
    outline = np.clip(to_line.astype(np.int16) + 128 - 4 * STEP, 0, 255).astype(np.uint8)
    return to_line, outline, tuple(cv2.boundingRect(line))


def _gathered(parts: Iterable[Part], labels: NDArray[np.integer], of: NDArray[np.integer]) -> Shapes:
    count = len(labels)
    skeletons, outlines = np.empty((2, count, SIDE, SIDE), np.uint8)
    boxes = np.empty((count, 4), np.int32)
    for i, (skeleton, outline, box) in enumerate(parts):
        skeletons[i], outlines[i], boxes[i] = skeleton, outline, box
    boxes[:, 2:] = np.maximum(boxes[:, 2:], 2)
    return Shapes(skeletons, outlines, boxes, labels.astype(np.int64), of.astype(np.int64))


def _to_line(line: Map) -> Map:
    distance = cv2.distanceTransform(1 - line, cv2.DIST_L2, 3)
    return np.asarray(np.clip(distance * STEP, 0, 255), np.uint8)


def _to_outline(mask: Map) -> Map:
    outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3)
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    return np.asarray(np.clip(128 + (outside - inside) * STEP, 0, 255), np.uint8)


def _drawn(curves: list[hands.Curve], broad: float) -> Map:
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    size = np.array((TALL * broad, TALL))
    for curve in curves:
        placed = curve * size + (SIDE - size) / 2
        cv2.polylines(canvas, [np.round(placed * 16).astype(np.int32)], False, 1, 1, cv2.LINE_8, 4)
    return canvas


def _traced(strokes: list[hands.Curve]) -> Map:
    """Strokes in a box whose longer side is 1, as tall as a digit or as wide as fits."""
    points = np.concatenate(strokes)
    low, size = points.min(0), np.maximum(np.ptp(points, 0), 0.02)
    scale = min(TALL / size[1], (SIDE - 8) / size[0])
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    for stroke in strokes:
        placed = (stroke - low) * scale + (SIDE - size * scale) / 2
        cv2.polylines(canvas, [np.round(placed * 16).astype(np.int32)], False, 1, 1, cv2.LINE_8, 4)
    return canvas


def _fitted(grey: Map) -> Map:
    """The mask of dark ink on a light ground, as tall as a digit or as wide as fits."""
    dark = 255 - grey
    level, _ = cv2.threshold(dark, 0, 255, cv2.THRESH_OTSU)
    x, y, w, h = cv2.boundingRect((dark > level).astype(np.uint8))
    scale = min(TALL / h, (SIDE - 8) / w)
    size = (max(2, round(w * scale)), max(2, round(h * scale)))
    large = cv2.resize(dark[y : y + h, x : x + w], size, interpolation=cv2.INTER_CUBIC)
    return _centred((large > level).astype(np.uint8))


def _centred(mask: Map) -> Map:
    h, w = mask.shape
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    top, left = (SIDE - h) // 2, (SIDE - w) // 2
    canvas[top : top + h, left : left + w] = mask
    return canvas
