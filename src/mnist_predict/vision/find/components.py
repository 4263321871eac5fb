"""Connected components: which pixels hang together."""

from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]


def components(mask: npt.NDArray[np.uint8], connectivity: Literal[4, 8] = 8) -> tuple[Ints, Ints]:
    """The component of each pixel of a (h, w) uint8 mask, (h, w), 0 where the mask is 0; and of each (n, 5): left, top,
    width, height and area in pixels, in row 0 those of the rest.

    Raises ValueError where h or w is 0: OpenCV would end the whole process (opencv/opencv#29854).
    """
    if not mask.size:
        raise ValueError(f"A mask of shape {mask.shape} has no components.")
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=connectivity, ltype=cv2.CV_32S)
    return np.asarray(labels, np.int32), np.asarray(stats, np.int32)
