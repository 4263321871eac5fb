"""Draws docs/pages.png: a sheet of synthesized pages, with the kernels that the page network is to see in red.

Run as `python tools/pages.py`, from the root; the fonts that are installed decide what print looks like.
"""

from pathlib import Path

import cv2
import numpy as np

from mnist_predict.training.line.batches import open_source
from mnist_predict.training.page.batches import open_pages

HEIGHT, WIDTH = 144, 192
ROWS, COLUMNS = 4, 6


def main() -> None:
    """Write the sheet."""
    pages = open_pages(open_source(Path("data/mnist"), None, True, 5), np.random.default_rng(5))
    tiles = []
    for _ in range(ROWS * COLUMNS):
        page = pages.page(HEIGHT, WIDTH)
        tile = cv2.cvtColor(page.grey, cv2.COLOR_GRAY2BGR)
        kernel = cv2.resize(page.target.kernel, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
        tile[kernel > 0, 2] = 255
        tiles.append(cv2.copyMakeBorder(tile, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=(255, 255, 255)))
    rows = [np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    cv2.imwrite("docs/pages.png", np.vstack(rows))


if __name__ == "__main__":
    main()
