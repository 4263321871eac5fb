"""Draws docs/strips.png: a sheet of synthesized strips, each beneath the number it is labelled with.

Run as `python tools/strips.py`, from the root; the fonts that are installed decide what print looks like.
"""

from pathlib import Path

import cv2
import numpy as np

from mnist_predict.training.line import batches as strips
from mnist_predict.vision.read.alphabet import CURRENCY

WIDE, LINES = 1200, 14


def main() -> None:
    """Write the sheet."""
    rows: list[np.ndarray] = []
    row: list[np.ndarray] = []
    made, _ = strips.held_out(Path("data/mnist"), None, 200, seed=5)
    for strip, label, *_ in made:
        tile = np.full((strip.shape[0] + 18, strip.shape[1] + 6), 255, np.uint8)
        tile[14:-4, :-6] = strip
        cv2.putText(
            tile, label.replace(CURRENCY, "$") or "-", (0, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.35, 0, 1, cv2.LINE_AA
        )
        if sum(one.shape[1] for one in row) + tile.shape[1] > WIDE:
            rows.append(np.hstack(row))
            row = []
        row.append(tile)
    sheet = [np.pad(one, ((0, 0), (0, WIDE - one.shape[1])), constant_values=255) for one in rows[:LINES]]
    cv2.imwrite("docs/strips.png", np.vstack(sheet))


if __name__ == "__main__":
    main()
