"""Strips without a number: bare paper, words, letters and signs, scribbles, drawings, empty cells, textures.

A network that only ever sees digits finds one everywhere. Letters that could be digits (O, l, S) are none of these.
"""

import cv2
import numpy as np

from mnist_predict.training.synthesis.camera import resized
from mnist_predict.training.synthesis.paper import Grey, Papers
from mnist_predict.training.synthesis.shapes.fonts import Words

WIDEST = 320


def blank(height: int, papers: Papers, rng: np.random.Generator) -> Grey:
    """Ink (height, w) from 0 to 1 in which no digit is written."""
    kind = rng.random()
    if kind < 0.42 and papers.words:
        return _word(height, papers.words, rng)
    width = int(rng.integers(16, 210))
    if kind < 0.58:
        return _scribble(height, width, rng)
    if kind < 0.7:
        return _figures(height, int(rng.integers(16, 90)), rng)
    if kind < 0.82:
        return _drawing(height, int(height * rng.uniform(0.7, 1.6)), rng)
    if kind < 0.87:
        return _scene(height, width, rng)
    if kind < 0.94:
        return _cells(height, rng)
    if kind < 0.96:  # a texture as dark as ink
        texture = papers.noise(width) if rng.random() < 0.5 else papers.pattern(width)
        return np.asarray(np.clip(0.5 + np.float32(rng.uniform(0.3, 1)) * texture, 0, 1), np.float32)
    return np.zeros((height, width), np.float32)


def _word(height: int, words: Words, rng: np.random.Generator) -> Grey:
    """A word, or a piece of one: single letters are the hardest."""
    if rng.random() < 0.6:
        word = words.draw(rng)
    else:
        word = words.letters[int(rng.integers(len(words.letters)))]
        wide = int(rng.uniform(0.5, 1.5) * word.shape[0])
        start = int(rng.integers(0, max(word.shape[1] - wide, 0) + 1))
        word = word[:, start : start + wide]
    tall = int(rng.uniform(0.4, 1) * height)
    size = (min(max(4, word.shape[1] * tall // word.shape[0]), WIDEST), tall)
    ink = np.zeros((height, size[0] + int(rng.integers(2, 20))), np.float32)
    x, y = int(rng.integers(0, ink.shape[1] - size[0])), int(rng.integers(0, height - tall + 1))
    ink[y : y + tall, x : x + size[0]] = resized(word * np.float32(1 / 255), *size, cv2.INTER_LINEAR)
    return ink


def _scribble(height: int, width: int, rng: np.random.Generator) -> Grey:
    """Wide and tangled strokes: a single short one could be a 1."""
    layer = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(2, 6))):
        at = rng.uniform((0, 4), (width, height - 4))
        points = at + np.cumsum(rng.normal(0, rng.uniform(2, 10), (int(rng.integers(4, 14)), 2)), 0)
        _line(layer, points, int(rng.integers(1, 5)))
    return _inked(layer) if (layer > 0).any(0).sum() > 12 else np.zeros((height, width), np.float32)


def _figures(height: int, width: int, rng: np.random.Generator) -> Grey:
    """Figures that people draw: polygons and stars, arrows, ticks, spirals, hatching."""
    layer = np.zeros((height, width), np.uint8)
    centre = np.array((width, height)) * rng.uniform(0.35, 0.65, 2)
    reach = height * rng.uniform(0.25, 0.5)
    turn = rng.uniform(0, 2 * np.pi)
    broad = int(rng.integers(1, 5))
    kind = rng.integers(5)
    if kind == 0:
        corners = int(rng.integers(3, 7))
        round_ = turn + np.arange(corners + 1) * 2 * np.pi / corners
        far = reach * np.where((np.arange(corners + 1) % 2 == 1) & (rng.random() < 0.5), 0.4, 1.0)
        points = centre + np.stack([np.cos(round_), np.sin(round_)], 1) * far[:, None]
        if rng.random() < 0.3:
            cv2.fillPoly(layer, [np.round(points).astype(np.int32)], 255)
        _line(layer, points, broad)
    elif kind == 1:  # an arrow
        along = np.array((np.cos(turn), np.sin(turn))) * reach
        across = np.array((-along[1], along[0])) * 0.5
        _line(layer, np.array([centre - along, centre + along]), broad)
        _line(layer, np.array([centre + 0.4 * along + across, centre + along, centre + 0.4 * along - across]), broad)
    elif kind == 2:  # a tick
        points = centre + reach * np.array([(-0.7, 0.1), (-0.3, 0.8), (0.9, -0.9)]) + rng.normal(0, 1.5, (3, 2))
        _line(layer, points, broad)
    elif kind == 3:  # a spiral
        round_ = np.linspace(0, rng.uniform(3, 6) * 2 * np.pi, 80)
        points = centre + np.stack([np.cos(round_), np.sin(round_)], 1) * (reach * round_ / round_[-1])[:, None]
        _line(layer, points, min(broad, 2))
    else:  # hatching, crossed: strokes side by side alone could be ones
        gap = rng.uniform(3, 8)
        for lean in rng.uniform(0.3, 1.5, 2) * height * (1, -1):
            for x in np.arange(min(lean, 0) - lean, width - min(lean, 0), gap):
                _line(layer, np.array([(x, 2), (x + lean, height - 2)]) + rng.normal(0, 0.5, (2, 2)), min(broad, 2))
    return _inked(layer)


def _drawing(height: int, width: int, rng: np.random.Generator) -> Grey:
    """As people draw things: rounds, bows, corners and straight strokes, large and small, one upon the other."""
    layer = np.zeros((height, width), np.uint8)
    broad = int(rng.integers(1, 4)) if rng.random() < 0.3 else 1
    size = np.array((width, height))
    for i in range(int(rng.integers(4, 9))):
        reach = size * (rng.uniform(0.25, 0.48, 2) if i == 0 else rng.uniform(0.04, 0.3, 2))
        at = rng.uniform(reach, size - reach)
        start, way = rng.uniform(0, 2 * np.pi), rng.choice((rng.uniform(1, 4), 2 * np.pi))
        corners = int(rng.choice((2, 3, 4, 4, 20, 20)))
        turns = start + np.linspace(0, way if corners == 20 else 2 * np.pi, corners + 1)
        points = at + reach * np.stack([np.cos(turns), np.sin(turns)], 1)
        _line(layer, points + rng.normal(0, 0.01 * height, points.shape), broad)
    # Few rounds upon each other can be an 8 or a 0.
    _line(layer, _bridge(size, rng), broad)
    return _inked(layer)


def _bridge(size: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A stroke from side to side, bowed."""
    y = rng.uniform(0.1, 0.9, 3)
    return np.asarray(size * np.stack([(0.03, rng.uniform(0.3, 0.7), 0.97), y], 1))


def _cells(height: int, rng: np.random.Generator) -> Grey:
    """Boxes for digits, or the cells of a table, in which nothing is written; one as narrow as a digit could be a 0."""
    tall = int(height * rng.uniform(0.3, 0.8))
    wide, side = int(tall * rng.uniform(0.7, 2)), int(rng.integers(2, 12))
    gap = 0 if rng.random() < 0.6 else int(tall * rng.uniform(0.1, 0.6))
    count = min(int(rng.integers(1, 8)), max((WIDEST - 2 * side) // (wide + gap), 1))
    layer = np.zeros((height, count * (wide + gap) + 2 * side), np.uint8)
    y, broad = int(rng.integers(2, height - tall - 1)), int(rng.choice((1, 1, 2, 3)))
    for x in side + np.arange(count) * (wide + gap):
        cv2.rectangle(layer, (int(x), y), (int(x) + wide, y + tall), 255, broad)
    return _inked(layer) * np.float32(rng.uniform(0.25, 1))


def _scene(height: int, width: int, rng: np.random.Generator) -> Grey:
    """Things of many greys before one another, as photographs have them."""
    layer = np.full((height, width), int(rng.integers(256)), np.uint8)
    for _ in range(int(rng.integers(4, 16))):
        at = rng.uniform((0, 0), (width, height))
        level = int(rng.integers(256))
        if rng.random() < 0.5:
            axes = tuple(int(axis) for axis in rng.uniform(2, 0.7 * height, 2))
            cv2.ellipse(
                layer, tuple(at.astype(int).tolist()), axes, rng.uniform(0, 180), 0, 360, level, -1, cv2.LINE_AA
            )
        else:
            corners = at + rng.normal(0, 0.5 * height, (int(rng.integers(3, 6)), 2))
            cv2.fillPoly(layer, [corners.astype(np.int32)], level, cv2.LINE_AA)
    soft = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.4, 3))
    return _inked(np.asarray(soft))


def _line(layer: np.ndarray, points: np.ndarray, broad: int) -> None:
    cv2.polylines(layer, [np.round(points * 16).astype(np.int32)], False, 255, broad, cv2.LINE_AA, 4)


def _inked(layer: np.ndarray) -> Grey:
    return np.asarray(layer * np.float32(1 / 255), np.float32)
