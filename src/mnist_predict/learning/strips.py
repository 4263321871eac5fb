"""A labelled picture -> the part that its label is of, as the line network will see it: CTC needs no boxes of digits.

The reader says where numbers may stand, the label which of them is meant: the place where it is likeliest.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.errors import UserError
from mnist_predict.reading import Box, Place, Reading, digits_of, union
from mnist_predict.vision.find.ink import paper_level, to_grey
from mnist_predict.vision.find.turning import turned, turned_box
from mnist_predict.vision.load.picture import decode_pages
from mnist_predict.vision.load.raster import Picture
from mnist_predict.vision.read.alphabet import DIGITS
from mnist_predict.vision.read.ctc import folded, scores
from mnist_predict.vision.read.ensemble import crops
from mnist_predict.vision.read.line import crop, to_strip
from mnist_predict.vision.recognizer import FLATTEST, Recognizer

Grey = NDArray[np.uint8]

TOGETHER = 4  # numbers beside each other that may be one: a reader that errs often tears a number to pieces
NONE_READ = 3  # numbers of a picture that has none, which are learned not to be any
TALLEST = 96  # rows that are kept of a part


def parts(data: bytes, label: str, reader: Recognizer, place: Place | None = None) -> list[Grey]:
    """Grey pixels (h, w) of what the label is of, cut in several ways; empty where there is nothing to learn.

    With a place, what stands there; else, with an empty label, all that was taken for numbers.
    """
    try:
        pages = list(decode_pages(data))
        if place is not None:
            return [_cut(pages[place.page], place)] if _is_there(place, pages) else []
        reading = reader.read(data)
    except UserError:
        return []
    if not label:
        return [_cut(pages[number.page], number.place) for number in reading.numbers[:NONE_READ]]
    digits = digits_of(label)
    if reading.primary_number is not None and reading.number == digits:
        places = [reading.primary_number.place]
    else:
        places = list(_places(reading))
    found = [_cut(pages[each.page], each) for each in places]
    best = max(found, key=lambda grey: _likely(grey, digits, reader), default=None)
    chosen = [] if best is None else [best]
    if len(pages) == 1 and (whole := _whole(pages[0], reading)) is not None:
        if best is None or _likely(whole, digits, reader) >= _likely(best, digits, reader):
            return [whole]
        chosen.append(whole)
    return chosen


def _is_there(place: Place, pages: Sequence[Picture]) -> bool:
    """Whether a place is on its page; a dataset may say anything."""
    if place.page >= len(pages):
        return False
    width, height = pages[place.page].size
    return place.box.overlap(Box(0, 0, width, height)) == place.box.w * place.box.h


def _places(reading: Reading) -> Iterator[Place]:
    """Where the number of a label may stand: each number that was read, and neighbours in a row together."""
    for start, first in enumerate(reading.numbers):
        boxes = []
        for number in reading.numbers[start : start + TOGETHER]:
            if number.page != first.page or number.turned != first.turned or not _in_row(first.box, number.box):
                break
            boxes.append(number.box)
            yield first.place._replace(box=union(boxes))


def _in_row(one: Box, other: Box) -> bool:
    return 2 * one.overlap_y(other) > min(one.h, other.h)


def _whole(page: Picture, reading: Reading) -> Grey | None:
    """All of a picture, where it may be a single number: it is flat, and nothing in it was read apart."""
    height, width = page.pixels.shape[:2]
    rows = {number.box.y // max(number.box.h, 1) for number in reading.numbers}
    if height > width or width > FLATTEST * height or len(rows) > 2:
        return None
    return _low(to_grey(page.pixels))


def _cut(page: Picture, place: Place) -> Grey:
    """The grey pixels around a box of the original page, with paper beyond its edges."""
    quarters = place.turned // 90
    box = turned_box(place.box, quarters, page.size)
    picture = turned(page, quarters)
    grey = to_grey(picture.pixels)
    paper = paper_level(grey)
    height, width = grey.shape
    return _low(crop(grey, paper, crops(picture.decoded(box), (width, height), False)[-1]))


def _low(grey: Grey) -> Grey:
    """The pixels, reduced where they are higher than training needs."""
    h, w = grey.shape
    if h <= TALLEST:
        return grey
    size = max(1, round(w * TALLEST / h)), TALLEST
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _likely(grey: Grey, digits: str, reader: Recognizer) -> float:
    """The log-probability of these digits in a part, marks aside."""
    frames = folded(reader.line_reader.frames(to_strip(grey)), DIGITS)
    return float(scores([frames], [digits], DIGITS)[0][0])
