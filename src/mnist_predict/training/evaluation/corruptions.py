"""Fifteen ways to spoil a digit that a person still reads: the kinds and strengths of MNIST-C.

N. Mu and J. Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision" (arXiv 1906.02337): a plain convolutional
network has a mean error of 13.3 % under its fifteen. Written anew here, with snow and zoom blur of its longer list in
place of stripes and impulse noise, for which the reader has steps of its own. Five kinds are held out of all training,
so that what is measured is not only what was practised.
"""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.training.mnist import Bytes
from mnist_predict.vision.recognizer import Recognizer

Grey = NDArray[np.float32]  # (28, 28), 0 paper to 1 ink
Random = np.random.Generator

SIDE = 28
CENTER = (SIDE - 1) / 2


def shot_noise(digit: Grey, random: Random) -> Grey:
    """Light counted grain by grain, three to full ink."""
    return (random.poisson(digit * 3) / 3).astype(np.float32)


def glass_blur(digit: Grey, random: Random) -> Grey:
    """Frosted glass: neighbours change places between two soft blurs."""
    blurred = _blurred(digit, 0.7)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    for _ in range(2):
        moved = random.random(digit.shape) < 0.5
        down, across = (np.where(moved, random.integers(-1, 1, digit.shape), 0) for _ in range(2))
        blurred = blurred[np.clip(rows + down, 0, SIDE - 1), np.clip(columns + across, 0, SIDE - 1)]
    return _blurred(blurred, 0.7)


def motion_blur(digit: Grey, random: Random) -> Grey:
    """A trail of some ten pixels, fading, within 45 degrees of the line."""
    angle = random.uniform(-np.pi / 4, np.pi / 4)
    y, x = np.mgrid[-10:11, -10:11].astype(np.float64)
    along, away = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    kernel = np.exp(-((along / 3) ** 2) / 2) * np.clip(1 - np.abs(away), 0, 1) * (along >= -0.5)
    return np.asarray(cv2.filter2D(digit, -1, kernel / kernel.sum(), borderType=cv2.BORDER_CONSTANT), np.float32)


def shear(digit: Grey, random: Random) -> Grey:
    """Leaning by 0.4 to the left or the right."""
    return _warped(digit, [[1.0, 0.4 * _sign(random)], [0.0, 1.0]])


def scale(digit: Grey, random: Random) -> Grey:
    """At 0.7 of its size."""
    return _warped(digit, [[1 / 0.7, 0.0], [0.0, 1 / 0.7]])


def rotate(digit: Grey, random: Random) -> Grey:
    """Turned by 0.4 (23 degrees) to the left or the right."""
    turn = 0.4 * _sign(random)
    return _warped(digit, [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


def brightness(digit: Grey, random: Random) -> Grey:
    """All of it half-way to ink."""
    return digit + np.float32(0.5)


def translate(digit: Grey, random: Random) -> Grey:
    """Three pixels aside and three up or down."""
    return _warped(digit, [[1.0, 0.0], [0.0, 1.0]], (3 * _sign(random), 3 * _sign(random)))


def zoom_blur(digit: Grey, random: Random) -> Grey:
    """The lens turned while it was open: the mean of the digit in sizes up to a half larger."""
    largest = random.uniform(1.4, 1.6)
    sizes = [_warped(digit, [[1 / by, 0.0], [0.0, 1 / by]]) for by in np.linspace(1.0, largest, 8)]
    return np.asarray((digit + np.mean(sizes, axis=0)) / 2, np.float32)


def snow(digit: Grey, random: Random) -> Grey:
    """Flakes that fall across it, the same way all of them."""
    flakes = np.clip(_blurred(random.normal(0.35, 0.35, digit.shape).astype(np.float32), 0.6), 0, 1)
    flakes[flakes < 0.6] = 0.0
    angle = random.uniform(np.pi / 4, 3 * np.pi / 4)
    y, x = np.mgrid[-4:5, -4:5].astype(np.float64)
    along, away = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    kernel = np.exp(-((along / 2) ** 2) / 2) * np.clip(1 - np.abs(away), 0, 1)
    fallen = cv2.filter2D(flakes, -1, 2.5 * kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
    return np.asarray(np.maximum(digit, 0.7 * digit + 0.2) + np.clip(fallen, 0, 0.7), np.float32)


def fog(digit: Grey, random: Random) -> Grey:
    """Three times its contrast of clouds before it: a corner of a map of random heights, octave by octave finer."""
    clouds = np.zeros((256, 256), np.float32)
    for octave in range(8):
        heights = random.uniform(-1, 1, (2**octave + 1,) * 2).astype(np.float32)
        clouds += np.asarray(cv2.resize(heights, (256, 256))) / np.float32(1.4 ** (2 * octave))
    clouds = (clouds - clouds.min()) / np.ptp(clouds)
    return np.asarray((digit + 3 * clouds[:SIDE, :SIDE]) / (1 + 3), np.float32)


def spatter(digit: Grey, random: Random) -> Grey:
    """Drops of mud that hide what is under them."""
    liquid = _blurred(random.normal(0.65, 0.3, digit.shape).astype(np.float32), 1.0)
    drops = _blurred((liquid > 0.65).astype(np.float32), 1.5)
    drops[drops < 0.8] = 0.0
    return np.asarray(digit * (1 - drops) + 63 / 255 * drops, np.float32)


def dotted_line(digit: Grey, random: Random) -> Grey:
    """A line of dots from the left to the right edge."""
    start, end = random.integers(0, SIDE - 1, 2)
    line = _line([(0, start), (SIDE - 1, end)])
    line[:, np.arange(SIDE) // 2 % 2 == 0] = 0.0
    return digit + line


def zigzag(digit: Grey, random: Random) -> Grey:
    """A line up and down along the digit."""
    start = random.integers(0, SIDE - 1)
    slope = random.integers(-5, 5) / 23
    long = float(np.hypot(1, slope))
    points: list[tuple[float, float]] = [(2.0, float(start))]
    for at in np.arange(2.0, 23 * long, 4.0):
        off = 2.0 if len(points) % 2 else -2.0
        points.append((2 + float(at - slope * off) / long, float(start + (at * slope + off) / long)))
    return np.asarray(digit + _line(points), np.float32)


def canny_edges(digit: Grey, random: Random) -> Grey:
    """Only its edges (J. Canny, IEEE PAMI 8(6), 1986)."""
    smooth = (255 * _blurred(digit, 1.0)).astype(np.uint8)
    return np.asarray(cv2.Canny(smooth, 25, 51, L2gradient=True) / 255, np.float32)


KINDS: dict[str, Callable[[Grey, Random], Grey]] = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        shot_noise, glass_blur, motion_blur, zoom_blur, shear, scale, rotate, brightness, translate, snow, fog,
        spatter, dotted_line, zigzag, canny_edges,
    )
}  # fmt: skip
HELD_OUT = ("motion blur", "snow", "spatter", "zigzag", "zoom blur")  # nothing is trained on them or written for them


def corrupt(digit: Bytes, kind: str, random: Random) -> Bytes:
    """A digit (28, 28) of MNIST, ink 255, spoilt in that way."""
    spoilt = KINDS[kind](np.asarray(digit / 255, np.float32), random)
    return (255 * np.clip(spoilt, 0, 1)).round().astype(np.uint8)


def errors(
    reader: Recognizer, digits: Bytes, labels: Bytes, progress: Callable[[], None] = lambda: None
) -> dict[str, float]:
    """The share of digits (n, 28, 28) that are read wrongly, by the whole way, under each kind and in the mean."""
    found: dict[str, float] = {}
    for kind in KINDS:
        wrong = 0
        for at, (digit, label) in enumerate(zip(digits, labels, strict=True)):
            spoilt = corrupt(digit, kind, np.random.default_rng([at, len(found)]))
            wrong += reader.read_pixels(spoilt).number != str(label)
            progress()
        found[kind] = wrong / len(digits)
    return found | {"mean": float(np.mean(list(found.values())))}


def _blurred(digit: Grey, sigma: float) -> Grey:
    return np.asarray(cv2.GaussianBlur(digit, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)


def _sign(random: Random) -> int:
    return int(random.choice([-1, 1]))


def _warped(digit: Grey, matrix: list[list[float]], shift: tuple[int, int] = (0, 0)) -> Grey:
    """The digit sampled where the matrix leads from each pixel, about its middle."""
    turned = np.array(matrix)
    offset = CENTER - turned @ [CENTER, CENTER] + np.array(shift)
    way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(digit, np.column_stack([turned, offset]), (SIDE, SIDE), flags=way), np.float32)


def _line(points: list[tuple[float, float]]) -> Grey:
    """A line through these points (x, y), two to three pixels wide and fading at its sides."""
    y, x = np.mgrid[:SIDE, :SIDE]
    away = np.full((SIDE, SIDE), np.inf)
    for (x0, y0), (x1, y1) in pairwise(points):
        along = np.array([x1 - x0, y1 - y0])
        share = np.clip(((x - x0) * along[0] + (y - y0) * along[1]) / (along @ along), 0, 1)
        away = np.minimum(away, np.hypot(x - x0 - share * along[0], y - y0 - share * along[1]))
    return np.asarray(np.clip(np.log(np.clip(1 - away / 2.3, 1e-9, 1)) + 1, 0, 1), np.float32)
