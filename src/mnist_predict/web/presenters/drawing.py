"""How a picture is drawn on a page: its size there, and the boxes of its digits."""

from dataclasses import dataclass
from typing import Self

from mnist_predict.reading import Box
from mnist_predict.vision.load.picture import decode, media_type
from mnist_predict.vision.read.strip import strip_box

_WIDTH, _HEIGHT = 640, 420  # the room that a picture has on a page, in CSS pixels
_LARGEST_SCALE = 12.0  # of small pictures: a digit of 28 x 28 becomes a picture of 336 x 336
_MARGIN = 0.08  # around a digit's box, of its longer side

_NAMES = {"image/heic": "HEIC", "image/jpeg": "JPEG", "image/webp": "WebP", "application/pdf": "PDF"}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture on a page. `width` and `height` are of the upright picture, in pixels."""

    width: int
    height: int
    format: str
    shown_by_browsers: bool

    @classmethod
    def of(cls, data: bytes, page: int = 0) -> Self:
        """The drawing of one page of a picture; raises the errors of `decode`."""
        kind = media_type(data)
        width, height = decode(data, page).size
        name = _NAMES.get(kind, kind.removeprefix("image/").upper())
        return cls(width, height, name, kind not in ("image/heic", "image/tiff", "application/pdf"))

    @property
    def _scale(self) -> float:
        return min(_WIDTH / self.width, _HEIGHT / self.height, _LARGEST_SCALE)

    @property
    def shown_width(self) -> int:
        """Width in CSS pixels, where the page has room for it."""
        return max(1, round(self.width * self._scale))

    @property
    def shown_height(self) -> int:
        """Height in CSS pixels, where the page has room for it."""
        return max(1, round(self.height * self._scale))

    @property
    def coarse(self) -> bool:
        """Whether the picture is enlarged so much that its pixels should not be smoothed."""
        return self._scale >= 3

    def strip(self, box: Box) -> Box:
        """The part of the picture that the network's strip for `box` covers."""
        return strip_box(box, (self.width, self.height))

    def around(self, box: Box) -> Box:
        """A digit's box with a margin, within the picture."""
        part = box.grow(round(_MARGIN * max(box.w, box.h)), (self.width, self.height))
        return part._replace(w=max(1, part.w), h=max(1, part.h))
