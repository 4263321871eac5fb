"""A file that Pillow reads -> its pages: upright RGB or grey pixels, whatever the mode, depth or size.

Only the one plugin that the format calls for is imported: this keeps the command line quick to start and leaves the
rarer parsers of Pillow out of reach of a stranger's bytes. Sizes are judged from the header, before anything is
decoded.
"""

import math
import zlib
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from mnist_predict.errors import BadRequest, BrokenPicture, TooLarge
from mnist_predict.reading import Box

MAX_PIXELS = 64_000_000  # of a page as declared
DECODED_PIXELS = 2_000_000  # larger pages are reduced to this: enough for a page of digits
DRAFT_PIXELS = 4_200_000  # a JPEG decoded at a half or less stays as it is up to here: to resize it takes as long again
MAX_WEBP_PIXELS = 16_000_000  # its decoder keeps four pictures of 4 bytes a pixel
STRIP_PIXELS = 500_000  # of a large page, which are worked on at a time
MAX_PAGES = 50
MAX_COEFFICIENTS = 250_000_000  # bytes; 64 megapixels with colours at half the size are 192 million
MAX_PNG_CHUNKS = 20_000  # those of pixels have a kilobyte at least; each costs time, also an empty one
MAX_JPEG_SCANS = 100  # a progressive file has about ten; each costs a pass over all pixels

_PLUGINS = {
    "image/png": ("PIL.PngImagePlugin", "PngImageFile"),
    "image/jpeg": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "image/webp": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "image/gif": ("PIL.GifImagePlugin", "GifImageFile"),
    "image/bmp": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "image/tiff": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "image/heic": ("pi_heif", "HeifImageFile"),
}
_DEPTHS = (8, 10, 12, 14, 16, 24, 32)  # bits of grey that scanners and cameras deliver
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # EXIF orientation (tag 0x0112) -> what turns the picture upright

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture.

    `pixels`: (h, w, 3) RGB or (h, w) grey uint8, upright; `size`: (width, height) of the upright original in pixels;
    `scale`: original pixels per decoded pixel, 1.0 unless the picture was too large to decode in full.
    """

    pixels: npt.NDArray[np.uint8]
    size: tuple[int, int]
    scale: float

    def original(self, box: Box) -> Box:
        """A box in decoded pixels as one in pixels of the original, inside it."""
        (width, height), scale = self.size, self.scale
        left, top = min(int(box.x * scale), width - 1), min(int(box.y * scale), height - 1)
        right, bottom = min(math.ceil(box.right * scale), width), min(math.ceil(box.bottom * scale), height)
        return Box.between(left, top, right, bottom)

    def decoded(self, box: Box) -> Box:
        """A box in pixels of the original as one in decoded pixels."""
        x, y, w, h = (value / self.scale for value in box)
        return Box(int(x), int(y), max(1, round(w)), max(1, round(h)))


def too_large() -> TooLarge:
    """The refusal of a page of too many pixels."""
    return _too_large(MAX_PIXELS)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"The picture has more than {most // 1_000_000} megapixels. Send a smaller one.")


def page(data: bytes, kind: str, number: int) -> tuple[Picture, int]:
    """A page of a file, and how many it has: a TIFF one or more, all other formats one, an animation its beginning.

    Raises `BrokenPicture`, and `TooLarge` for too many pixels.
    """
    if kind == "image/png":
        _check_png(data)
    if kind == "image/jpeg" and data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise BrokenPicture("The JPEG has too many scans. Save it anew and send it again.")
    if kind == "image/webp":
        _check_webp(data)
    module, plugin = _PLUGINS[kind]
    image = getattr(import_module(module), plugin)(BytesIO(data))
    starts = _page_starts(image) if kind == "image/tiff" else [0]
    check_page(number, len(starts))
    if starts[number]:
        image.seek(starts[number])
    return _page(image, kind), len(starts)


def check_page(number: int, pages: int) -> None:
    """Raise `BadRequest` where a file has no such page."""
    if number >= pages:
        raise BadRequest(f"The file has no page {number + 1}.")


def too_many_pages() -> TooLarge:
    """The refusal of a file of too many pages."""
    return TooLarge(f"The file has more than {MAX_PAGES} pages. Send it in parts.")


def _page_starts(image: Any) -> list[int]:
    """Which pictures of a TIFF are pages: not the smaller copies and masks of others (TIFF 6.0, NewSubfileType)."""
    found = [0]
    for at in range(1, MAX_PAGES + 1):
        try:
            image.seek(at)
        except EOFError:
            break
        if not int(image.tag_v2.get(254, 0)) & 0b101:
            found.append(at)
    else:
        raise too_many_pages()
    image.seek(0)
    return found


def _page(image: Any, kind: str) -> Picture:
    width, height = size = image.size
    if width * height > MAX_PIXELS:
        raise too_large()
    shrink = math.sqrt(min(1.0, DECODED_PIXELS / (width * height)))
    if kind == "image/jpeg":
        _check_progressive(image)
        image.draft(None, _times((width, height), shrink))  # decodes at 1/2, 1/4 or 1/8 where that is enough
        if image.width * image.height <= DRAFT_PIXELS:
            shrink = 1.0
    image.load()
    if kind == "image/tiff":
        size = image.size  # it turned upright by itself
    orientation = _orientation(image)
    white = _white(image)
    image = _shrunk(image, _times(size, shrink), white) if shrink < 1.0 else _eight_bit(image, white)
    image = _over_ground(image)
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
        size = size if orientation < 5 else size[::-1]
    pixels = np.asarray(image)
    return Picture(pixels, size, size[0] / pixels.shape[1])


def _times(size: tuple[int, int], factor: float) -> tuple[int, int]:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _check_png(data: bytes) -> None:
    """Pillow skips the checksums of pixel data and a missing end; here they count (PNG, section 5.3)."""
    at, name, chunks = 8, b"", 0
    while name != b"IEND":
        length = int.from_bytes(data[at : at + 4], "big")
        name = data[at + 4 : at + 8]
        end = at + 8 + length
        if end + 4 > len(data) or zlib.crc32(data[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise BrokenPicture("The PNG is damaged or cut short. Send it again, or another picture.")
        at = end + 4
        chunks += 1
        if chunks > MAX_PNG_CHUNKS:
            raise BrokenPicture("The PNG is in too many pieces. Save it anew and send it again.")


def _check_webp(data: bytes) -> None:
    """Its size as declared (RFC 9649, sections 2.5 to 2.7): Pillow makes room for all of it at once."""
    size = int.from_bytes
    match data[12:16]:
        case b"VP8X":
            width, height = 1 + size(data[24:27], "little"), 1 + size(data[27:30], "little")
        case b"VP8L":
            bits = size(data[21:25], "little")
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case _:
            width, height = size(data[26:28], "little") & 0x3FFF, size(data[28:30], "little") & 0x3FFF
    if width * height > MAX_WEBP_PIXELS:
        raise _too_large(MAX_PIXELS if width * height > MAX_PIXELS else MAX_WEBP_PIXELS)


def _check_progressive(image: Any) -> None:
    """Of a progressive JPEG all coefficients are kept, 2 bytes each, however small it is wanted."""
    shares = [across * down for _, across, down, _ in image.layer]
    coefficients = 2 * image.width * image.height * sum(shares) // max(shares)
    if image.info.get("progressive") and coefficients > MAX_COEFFICIENTS:
        raise BrokenPicture("This JPEG takes too much memory to decode. Save it smaller, or not as a progressive one.")


def _orientation(image: Any) -> int:
    """The EXIF orientation, 1 (upright) where there is none or it cannot be read."""
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # damaged EXIF is common and no reason to refuse a picture
        return 1


def _shrunk(image: Any, size: tuple[int, int], white: Span) -> Any:
    """A picture in a smaller size (w, h) with 8 bits a channel; widened to RGB or RGBA strip by strip only, as all of
    it would take hundreds of megabytes."""
    (width, height), (w, h) = image.size, size
    rows = max(1, STRIP_PIXELS * h // (width * height))
    small = None
    for top in range(0, h, rows):
        bottom = min(top + rows, h)
        first, last = top * height / h, bottom * height / h
        start = math.floor(first)
        strip = _eight_bit(image.crop((0, start, width, min(math.ceil(last), height))), white)
        part = (0, first - start, width, min(last - start, strip.height))
        strip = strip.resize((w, bottom - top), Image.Resampling.BOX, box=part)
        small = small or Image.new(strip.mode, size)
        small.paste(strip, (0, top))
    return small


def _deep(image: Any) -> bool:
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def _greys(image: Any) -> npt.NDArray[np.float64]:
    return np.nan_to_num(np.asarray(image, np.float64), posinf=0.0, neginf=0.0)


def _white(image: Any) -> Span:
    """What is black and what is white in a deep grey picture: white is that of its depth, so that nothing is clipped.
    (0, 255) for all others."""
    if not _deep(image):
        return 0.0, 255.0
    width, height = image.size
    rows = max(1, STRIP_PIXELS // width)
    black, peak = 0.0, 0.0
    for top in range(0, height, rows):
        strip = _greys(image.crop((0, top, width, min(top + rows, height))))
        black, peak = min(black, float(strip.min())), max(peak, float(strip.max()))
    peak -= black
    if image.mode == "F" and peak <= 1.0:
        return black, 1.0
    return black, next((2.0**bits - 1 for bits in _DEPTHS if peak <= 2.0**bits - 1), peak)


def _eight_bit(image: Any, span: Span) -> Any:
    """L, RGB or RGBA with 8 bits a channel; deeper greys are scaled from (black, white)."""
    if _deep(image):
        black, white = span
        return Image.fromarray(((_greys(image) - black) * (255.0 / white)).round().astype(np.uint8))
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode == "LAB":
        return image.getchannel("L")
    return image if image.mode in ("L", "RGB") else image.convert("L" if image.mode == "1" else "RGB")


def _over_ground(image: Any) -> Any:
    """L, or RGB over white; over black where white would hide it (a light drawing on a transparent ground)."""
    if image.mode != "RGBA":
        return image if image.mode == "L" else image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    darkest, faintest = np.asarray(white.convert("L")).min(), np.asarray(image.getchannel("A")).min()
    if darkest > 160 and faintest < 128:
        black = Image.new("RGBA", image.size, "black")
        black.alpha_composite(image)
        return black.convert("RGB")
    return white.convert("RGB")
