"""Digit -> 28 x 28 as MNIST was made.

"The original black and white (bilevel) images from NIST were size normalized to fit in a 20x20 pixel box
while preserving their aspect ratio. [...] the images were centered in a 28x28 image by computing the center
of mass of the pixels, and translating the image so as to position this point at the center of the 28x28
field." (LeCun, Cortes, Burges: The MNIST database of handwritten digits)

A fine pen on a large picture would be a faint hair at that size. MNIST's pens were broader, so that thin
strokes are broadened to theirs first.
"""

import cv2
import numpy as np
import numpy.typing as npt

SIDE = 28
BOX = 20
DRAFT = 4 * BOX  # the size at which strokes are measured and broadened
PEN = 2.2  # width of a thin stroke of MNIST at its size; half of all are broader than 2.8

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))

Ink = npt.NDArray[np.uint8]


def normalize(digit: Ink) -> npt.NDArray[np.float32]:
    """The digit as MNIST has it: (28, 28) float32 in 0..1.

    `digit`: (h, w) uint8, 0 paper to 255 ink, cropped to its ink.
    """
    if max(digit.shape) > DRAFT:
        digit = _fitted(digit, DRAFT)
    digit = _broadened(digit)
    if not BOX - 2 <= max(digit.shape) <= BOX:  # so near, resampling would only blur
        digit = _fitted(digit, BOX)
    h, w = digit.shape
    moments = cv2.moments(digit)
    center_y, center_x = moments["m01"] / moments["m00"], moments["m10"] / moments["m00"]
    top = min(max(round(SIDE / 2 - center_y), 0), SIDE - h)
    left = min(max(round(SIDE / 2 - center_x), 0), SIDE - w)
    out = np.zeros((SIDE, SIDE), np.float32)
    out[top : top + h, left : left + w] = digit * np.float32(1 / 255)
    return out


def _fitted(digit: Ink, longest: int) -> Ink:
    """Scaled so that its longer side has this length: averaged down or smooth up, in full black again."""
    h, w = digit.shape
    scale = longest / max(h, w)
    size = max(1, round(w * scale)), max(1, round(h * scale))
    fitted = cv2.resize(digit, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return np.asarray(cv2.convertScaleAbs(fitted, alpha=255.0 / max(int(fitted.max()), 1)))


def _broadened(digit: Ink) -> Ink:
    """With strokes at least as broad as those of a thin pen in MNIST."""
    solid = cv2.threshold(digit, 100, 1, cv2.THRESH_BINARY)[1]
    area = cv2.countNonZero(solid)
    rim = area - cv2.countNonZero(cv2.erode(solid, _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0))
    width = 2 * area / rim if area > rim else 1.0  # a stroke has two edges
    grow = round((PEN * max(digit.shape) / BOX - width) / 2)
    if grow < 1:
        return digit
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow + 1, 2 * grow + 1))
    return np.asarray(cv2.dilate(cv2.copyMakeBorder(digit, grow, grow, grow, grow, cv2.BORDER_CONSTANT), disc))
