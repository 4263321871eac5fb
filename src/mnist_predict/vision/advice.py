"""What would make the next picture easier to read, in plain words and with where; measured around the number.

The limits were chosen on MNIST's training digits, written in many sizes on made paper and then degraded step by step:
each lies where the reader begins to err. Clear pictures get no advice.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.reading import Box, Number
from mnist_predict.vision.ink import Ink
from mnist_predict.vision.marks import find_marks, told, told_of_others
from mnist_predict.vision.raster import Picture

SMALL = 12  # pixels of height; the network sees 20
FAINT = 40.0  # grey levels between paper and ink
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


def advise(picture: Picture, ink: Ink, number: Number, others: Sequence[Number]) -> tuple[str, ...]:
    """What is to be said of a number on a picture; and of marks within `others`."""
    boxes = [picture.decoded(digit.box) for digit in number.digits]
    box, shape = picture.decoded(number.box), ink.density.shape
    tall = float(np.median([one[3] for one in boxes]))
    around = _grown(box, tall / 2, shape)
    grey, density = (_judged(each[_slices(around)], tall) for each in (picture.pixels, ink.density))
    advice = []
    if number.box[3] < SMALL:
        advice.append("The digits are very small. A larger picture is read more surely.")
    if dark(grey):
        advice.append(DARKNESS)
    elif ink.contrast < FAINT:
        advice.append("The writing is faint. A darker pen or more light is read more surely.")
    near = _judged(picture.pixels[_slices(_grown(box, tall / 8, shape))], tall)
    if tall >= TOO_SMALL_TO_JUDGE and edge_width(near) > BLURRED * min(tall, JUDGED):
        place = _place(box, shape)
        advice.append(f"The writing{place} is blurred. A steady camera, near enough, is read more surely.")
    shining = _shining(grey, density)
    if shining is not None:
        x, y = (int(start + share * length) for start, share, length in zip(around, shining, around[2:], strict=False))
        advice.append(f"Light is reflected{_place((x, y, 1, 1), shape)}. Turn the page or the lamp.")
    advice += cut_off(ink.density, box, tall)
    beside = [
        (other.text, find_marks(ink.density, [picture.decoded(digit.box) for digit in other.digits]))
        for other in others
    ]
    return (*advice, *told(number.text, find_marks(ink.density, boxes)), *told_of_others(beside))


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
        grey = cv2.resize(grey, None, fx=JUDGED / tall, fy=JUDGED / tall, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.uint8)


def _shining(grey: Grey, density: Grey) -> tuple[float, float] | None:
    """The middle of a reflection (x, y, as shares of width and height) that hides a part of the writing."""
    ink, paper = grey[density > 128], grey[density < 25]
    if not (ink.size and paper.size) or not float(np.median(ink)) < float(np.median(paper)) <= MATT:
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
    x, y, w, h = box
    sides = {
        "left": (x, width - x - w, density[y : y + h, 0]),
        "right": (width - x - w, x, density[y : y + h, -1]),
        "upper": (y, height - y - h, density[0, x : x + w]),
        "lower": (height - y - h, y, density[-1, x : x + w]),
    }
    return [
        f"The writing is cut at the {name} edge. Show all of it."
        for name, (room, opposite, border) in sides.items()
        if room <= 1 and opposite > CUT * tall and max(2, 0.03 * tall) <= int((border > 128).sum()) <= ALONG * tall
    ]


def _place(box: Box, shape: tuple[int, ...]) -> str:
    """Where on the picture, in words; nothing where the box takes most of it."""
    height, width = shape[:2]
    if box[2] > width / 2 or box[3] > height / 2:
        return ""
    column = int(3 * (box[0] + box[2] / 2) / width)
    row = int(3 * (box[1] + box[3] / 2) / height)
    down, across = ("upper", "", "lower")[min(row, 2)], ("left", "", "right")[min(column, 2)]
    if down and across:
        return f" at the {down} {across}"
    if down:
        return " at the top" if down == "upper" else " at the bottom"
    return f" at the {across}" if across else " in the middle"


def _grown(box: Box, by: float, shape: tuple[int, ...]) -> Box:
    x, y, w, h = box
    left, top = max(0, int(x - by)), max(0, int(y - by))
    return left, top, min(shape[1], int(x + w + by)) - left, min(shape[0], int(y + h + by)) - top


def _slices(box: Box) -> tuple[slice, slice]:
    x, y, w, h = box
    return slice(y, y + h), slice(x, x + w)
