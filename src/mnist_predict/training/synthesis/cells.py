"""The cells of forms and tables around what is written: boxes for one digit each, columns of numbers."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from mnist_predict.reading import Box, union
from mnist_predict.training.synthesis.paper import Grey


def cells(boxes: Sequence[Sequence[Box]], shape: tuple[int, int], rng: np.random.Generator) -> Grey:
    """The walls of cells from 0 to 1, as a layer of that shape; `boxes`: those of the signs of each cell.

    Neighbours share a wall, or each cell is a box of its own; outer walls may be lacking, or lie outside the picture.
    """
    around = union([box for cell in boxes for box in cell])
    above, below, side = rng.uniform(0.02, 0.45, 3) * around.h
    top, bottom = around.y - above, around.bottom + below
    layer = np.zeros(shape, np.uint8)
    broad = 1 if rng.random() < 0.6 else int(rng.integers(2, 5))
    turn = np.array([[1, rng.normal(0, 0.01)], [rng.normal(0, 0.03), 1]])
    apart = rng.random() < 0.3
    across, outer = (rng.random() < share for share in (0.8, 0.75))

    def rule(x: float, y: float, to_x: float, to_y: float) -> None:
        start, end = np.round(16 * np.array([(x, y), (to_x, to_y)]) @ turn).astype(np.int32).tolist()
        cv2.line(layer, start, end, 255, broad, cv2.LINE_AA, 4)

    inked = [(min(box.x for box in cell), max(box.right for box in cell)) for cell in boxes]
    gaps = [(before[1], after[0]) for before, after in pairwise(inked)]
    middles = [sum(gap) / 2 for gap in gaps]
    half = [max(right - left, 0) * rng.uniform(0.1, 0.4) if apart else 0.0 for left, right in gaps]
    lefts = [inked[0][0] - side, *(x + by for x, by in zip(middles, half, strict=True))]
    rights = [*(x - by for x, by in zip(middles, half, strict=True)), inked[-1][1] + side]
    for at, (left, right) in enumerate(zip(lefts, rights, strict=True)):
        if across:
            rule(left, top, right, top)
            rule(left, bottom, right, bottom)
        if outer or at:
            rule(left, top, left, bottom)
        if outer or at + 1 < len(boxes):
            rule(right, top, right, bottom)
    return layer * np.float32(rng.uniform(0.25, 1) / 255)
