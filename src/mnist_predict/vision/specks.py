"""Specks: pixels that are lighter or darker than all around them, as a worn scanner or a fax leaves them.

Where there are many, the median of each pixel and its eight neighbours takes them out (J. Tukey 1977); elsewhere it
would only take the finest strokes.
"""

import cv2
import numpy as np

from mnist_predict.vision.light import Levels

GLANCE = 256  # pixels of the sides of the middle of a picture, in which specks are looked for
STEP = 64  # grey levels between a speck and each of its neighbours, at least
MANY = 0.01  # of the pixels
SMALLEST = 20  # pixels of the shorter side; in smaller pictures a stroke may be a pixel broad

_RING = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.uint8)


def without_specks(grey: Levels) -> Levels:
    """Grey levels (h, w) without specks; themselves where there are few."""
    if min(grey.shape) < SMALLEST:
        return grey
    top, left = (max(0, (side - GLANCE) // 2) for side in grey.shape)
    part = grey[top : top + GLANCE, left : left + GLANCE]
    lighter = cv2.subtract(part, cv2.dilate(part, _RING)) >= STEP
    darker = cv2.subtract(cv2.erode(part, _RING), part) >= STEP
    specks = np.count_nonzero(lighter) + np.count_nonzero(darker)
    return np.asarray(cv2.medianBlur(grey, 3), np.uint8) if specks >= MANY * part.size else grey
