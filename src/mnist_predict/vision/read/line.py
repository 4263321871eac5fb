"""Strip -> frames: the line network of a model version reads a line of digits whole, without cutting it up."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.errors import BadRequest
from mnist_predict.reading import Box
from mnist_predict.vision.read.alphabet import CLASSES
from mnist_predict.vision.session import open_session

HEIGHT = 32  # of a strip, as the network was trained
TALL = 4 * HEIGHT  # of a place; of what is higher, less is enough
FRAME = 2  # columns of a strip that a frame speaks for
_WIDEST = 2000  # columns; a number of more than 80 digits

Grey = npt.NDArray[np.uint8]
Frames = npt.NDArray[np.float32]


class LineReader:
    """The network in `folder/model.onnx`; thread-safe. Raises `BadRequest` for one of another alphabet."""

    def __init__(self, folder: Path) -> None:
        self._session = open_session(folder / "model.onnx")
        classes = self._session.get_outputs()[0].shape[-1]
        if classes != CLASSES:
            raise BadRequest(
                f"{folder} is of another mnist_predict: its network tells {classes} classes apart, not {CLASSES}. "
                "Use the version that ships, or train one anew: mnist-predict train new line."
            )

    def frames(self, strip: Grey) -> Frames:
        """Log-probabilities (w / 2, CLASSES) of a grey strip (32, w) of any polarity; see `alphabet`."""
        wide = -(-strip.shape[1] // 4) * 4
        padded = cv2.copyMakeBorder(strip, 0, 0, 0, wide - strip.shape[1], cv2.BORDER_REPLICATE)
        strips = padded[None, None] * np.float32(1 / 255)
        frames: Frames = self._session.run(["log_probabilities"], {"strips": strips})[0][0]
        return frames


def cut(grey: Grey, paper: int, place: Box) -> Grey:
    """The strip (32, w) that shows a place in a grey picture; see `crop`."""
    return to_strip(crop(grey, paper, place))


def crop(grey: Grey, paper: int, place: Box) -> Grey:
    """The pixels of a place in a grey picture (h, w); where it reaches beyond, there is paper of that level.

    Reduced where it is many times as high as a strip: around a tall stroke there may be gigabytes of paper.
    """
    height, width = grey.shape
    part = grey[max(place.y, 0) : place.bottom, max(place.x, 0) : place.right]
    beyond = (-place.y, place.bottom - height, -place.x, place.right - width)
    by = max(place.h // TALL, 1)
    if by > 1:
        size = [max(1, round(side / by)) for side in part.shape[::-1]]
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    top, bottom, left, right = (max(round(side / by), 0) for side in beyond)
    return np.asarray(cv2.copyMakeBorder(part, top, bottom, left, right, cv2.BORDER_CONSTANT, value=paper))


def to_strip(grey: Grey) -> Grey:
    """Grey pixels (h, w) as a strip (32, w'), in proportion."""
    h, w = grey.shape
    wide = min(max(round(w * HEIGHT / h), 12), _WIDEST)
    how = cv2.INTER_AREA if h > HEIGHT else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, (wide, HEIGHT), interpolation=how), np.uint8)
