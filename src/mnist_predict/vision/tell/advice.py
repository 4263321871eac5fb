"""What would make the next picture easier to read, in plain words and with where; measured around the number.

The limits were chosen on MNIST's training digits, written in many sizes on made paper and then degraded step by step:
each lies where the reader begins to err. A number that is read surely needs no better picture, but may be cut off.
"""

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.reading import Box, Number
from mnist_predict.vision.find.ink import middle_level
from mnist_predict.vision.load.raster import Picture

SURE = 0.99  # confidence from which a better picture would not help
SMALL = 12  # pixels of height; the network sees 20
FAINT = 40  # grey levels between paper and ink
DARK = 80  # grey levels; from there on two in a hundred are bright
BLURRED = 0.13  # how wide the edges of strokes are, times the height of the digits
JUDGED = 100  # pixels of height that are enough to judge blur and light
TOO_SMALL_TO_JUDGE = 20  # pixels of height below which all edges are wide
GLARE = 252  # grey level of light that hides all ...
SHINY = 0.06  # ... on this much of the number's box ...
MATT = 225  # ... where the paper is darker than this
ALONG = 0.6  # what runs along an edge for longer than this, times the height of the digits, is a line of a form
CUT = 0.3  # room on the other side, times the height of the digits, that tells a cut number from a close crop

DARKNESS = "The picture is dark. More light is read more surely."

Grey = npt.NDArray[np.uint8]


def advise(picture: Picture, levels: Grey, ink: Grey, number: Number) -> tuple[str, ...]:
    """What is to be said of a number on a picture."""
    boxes = [picture.decoded(digit.box) for digit in number.digits]
    box = picture.decoded(number.box)
    height, width = ink.shape
    size = (width, height)
    tall = float(np.median([one.h for one in boxes]))
    cut = tuple(cut_off(ink, box, tall))
    if number.confidence >= SURE:
        return cut
    around = box.grow(tall / 2, size)
    grey, density = (_judged(each[around.slices], tall) for each in (picture.pixels, ink))
    advice = []
    if number.box.h < SMALL:
        advice.append("The digits are very small. A larger picture is read more surely.")
    if dark(grey):
        advice.append(DARKNESS)
    elif _is_faint(levels[around.slices], ink[around.slices]):
        advice.append("The writing is faint. A darker pen or more light is read more surely.")
    near = _judged(picture.pixels[box.grow(tall / 8, size).slices], tall)
    if tall >= TOO_SMALL_TO_JUDGE and edge_width(near) > BLURRED * min(tall, JUDGED):
        place = _place(box, size)
        advice.append(f"The writing{place} is blurred. A steady camera, near enough, is read more surely.")
    shining = _shining(grey, density)
    if shining is not None:
        spot = Box(int(around.x + shining[0] * around.w), int(around.y + shining[1] * around.h), 1, 1)
        advice.append(f"Light is reflected{_place(spot, size)}. Turn the page or the lamp.")
    return (*advice, *cut)


def _is_faint(levels: Grey, density: Grey) -> bool:
    """Whether few grey levels lie between the paper and what is written."""
    ink, paper = middle_level(levels, density > 200), middle_level(levels, density < 25)
    return ink is not None and paper is not None and abs(ink - paper) < FAINT


def dark(pixels: Grey) -> bool:
    """Whether nothing in (h, w, 3) or (h, w) pixels is bright."""
    return float((pixels >= DARK).mean()) < 0.02


def edge_width(pixels: Grey) -> float:
    """How many pixels lie between paper and ink across the sharpest edges in (h, w) pixels."""
    grey = pixels.astype(np.float32)
    across, down = (cv2.Scharr(grey, cv2.CV_32F, *way) / 32 for way in ((1, 0), (0, 1)))
    [steepest] = _quantiles(cv2.magnitude(across, down), 0.98)
    low, high = _quantiles(grey, 0.02, 0.98)
    return (high - low) / max(steepest, 1e-3)


def _quantiles(levels: cv2.typing.MatLike, *shares: float) -> list[float]:
    """The levels, float32 from 0 up to 256, below which these shares of all lie, to a 16th; with np.percentile
    `edge_width` takes twice as long."""
    below = cv2.calcHist([levels], [0], None, [256 * 16], [0, 256]).ravel().cumsum()
    return [float(np.searchsorted(below, share * levels.size)) / 16 for share in shares]


def _judged(pixels: Grey, tall: float) -> Grey:
    """Grey pixels, averaged down so that the digits are at most as tall as is needed to judge them."""
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if tall > JUDGED:
        size = [max(1, round(side * JUDGED / tall)) for side in grey.shape[::-1]]
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.uint8)


def _shining(grey: Grey, density: Grey) -> tuple[float, float] | None:
    """The middle of a reflection (x, y, as shares of width and height) that hides a part of the writing."""
    ink, paper = middle_level(grey, density > 128), middle_level(grey, density < 25)
    if ink is None or paper is None or not ink < paper <= MATT:
        return None  # on white paper none is seen, and light ink is as bright as one
    bright = cv2.morphologyEx((grey >= GLARE).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    if float(bright.mean()) < SHINY:
        return None
    rows, columns = np.nonzero(bright)
    return float(np.median(columns)) / grey.shape[1], float(np.median(rows)) / grey.shape[0]


def cut_off(density: Grey, box: Box, tall: float) -> list[str]:
    """What is to be said of the edges of the picture that cut what is written in a box, as tall as that: its ink runs
    out there, and it has room on the other side."""
    height, width = density.shape
    rows, columns = box.slices
    right, below = width - box.right, height - box.bottom
    sides = {
        "left": (box.x, right, density[rows, 0]),
        "right": (right, box.x, density[rows, -1]),
        "upper": (box.y, below, density[0, columns]),
        "lower": (below, box.y, density[-1, columns]),
    }
    return [
        f"The writing is cut at the {name} edge. Show all of it."
        for name, (room, opposite, border) in sides.items()
        if room <= 1 and opposite > CUT * tall and max(2, 0.03 * tall) <= int((border > 128).sum()) <= ALONG * tall
    ]


def _place(box: Box, size: tuple[int, int]) -> str:
    """Where on the picture (w, h), in words; nothing where the box takes most of it."""
    width, height = size
    if box.w > width / 2 or box.h > height / 2:
        return ""
    column = int(3 * box.center_x / width)
    row = int(3 * (box.y + box.h / 2) / height)
    down, across = ("upper", "", "lower")[min(row, 2)], ("left", "", "right")[min(column, 2)]
    if down and across:
        return f" at the {down} {across}"
    if down:
        return " at the top" if down == "upper" else " at the bottom"
    return f" at the {across}" if across else " in the middle"
