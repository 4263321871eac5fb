"""What the line network gets of a number: the strip, cut anew out of the picture in which the number was read.

Of the crops that it looks at this is the closest. The box of a number is kept in whole pixels of the original, so that
the strip of a large picture may differ from what was read by a fraction of a pixel.
"""

from mnist_predict.reading import Box, Number
from mnist_predict.vision.find.ink import paper_level, to_grey
from mnist_predict.vision.find.turning import turned, turned_box
from mnist_predict.vision.load.raster import Picture
from mnist_predict.vision.read.ensemble import crops
from mnist_predict.vision.read.line import Grey, cut


def strip_box(box: Box, size: tuple[int, int]) -> Box:
    """The part of a picture (w, h) that the strip of what stands in `box` shows; it may reach beyond the picture."""
    return crops(box, size, False)[0]


def strip_of(picture: Picture, number: Number) -> Grey:
    """The strip (32, w) of a number that was read in a picture."""
    quarters = number.turned // 90
    box = turned_box(number.box, quarters, picture.size)
    picture = turned(picture, quarters)
    grey = to_grey(picture.pixels)
    paper = paper_level(grey)
    height, width = grey.shape
    return cut(grey, paper, strip_box(picture.decoded(box), (width, height)))
