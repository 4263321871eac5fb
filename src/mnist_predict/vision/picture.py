"""Bytes -> picture: upright RGB pixels, whatever the format, mode, depth or size of the file; page by page.

Pillow reads pictures (`raster`), PDFium reads PDF (`pdf`), both in a process of their own (`decoding`). One page is in
memory at a time.
"""

from collections.abc import Iterator
from io import BytesIO

import numpy as np
from PIL import Image

from mnist_predict.errors import BadRequest, NotAPicture, TooLarge
from mnist_predict.reading import Box
from mnist_predict.vision import decoder
from mnist_predict.vision.raster import Picture

MAX_BYTES = 20_000_000

_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)  # sizes of the header versions


def media_type(data: bytes) -> str:
    """The MIME type that the first bytes promise; raises `NotAPicture` for all but the formats read here."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return "image/bmp"
    if data.startswith(_TIFF_MAGIC):
        return "image/tiff"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return "image/heic"
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    raise NotAPicture("This is not a picture. Send a PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or PDF file.")


def decode(data: bytes, page: int = 0) -> Picture:
    """One page of a file; raises what `decode_pages` raises, and `BadRequest` where there is no such page."""
    return decoder.page(data, _checked(data), page)[0]


def decode_pages(data: bytes) -> Iterator[Picture]:
    """The upright pages in a file's bytes, one by one; of an animation only its beginning.

    Raises `BadRequest` (empty), `TooLarge`, `NotAPicture` and `BrokenPicture`.
    """
    kind = _checked(data)
    page, pages = 0, 1
    while page < pages:
        picture, pages = decoder.page(data, kind, page)
        yield picture
        page += 1


def _checked(data: bytes) -> str:
    """The kind of a file that may be decoded."""
    if not data:
        raise BadRequest("The file is empty. Send a picture.")
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The file has more than {MAX_BYTES // 1_000_000} MB. Send a smaller picture.")
    return media_type(data)


def preview(data: bytes, longest: int = 1600, page: int = 0, part: Box | None = None) -> bytes:
    """A page, or a part of it, as a JPEG that every browser shows, at most `longest` pixels wide and high.

    Where the part reaches beyond the page it is filled with the page's middle colour. Raises what `decode` raises.
    """
    picture = decode(data, page)
    image = Image.fromarray(picture.pixels)
    if part is not None:
        left, top, width, height = (round(each / picture.scale) for each in part)
        middle = tuple(np.median(picture.pixels[::8, ::8], axis=(0, 1)).astype(int).tolist())
        whole, image = image, Image.new("RGB", (max(1, width), max(1, height)), middle)
        image.paste(whole, (-left, -top))
    image.thumbnail((longest, longest), reducing_gap=2.0)
    out = BytesIO()
    image.save(out, "JPEG", quality=90, subsampling=0)
    return out.getvalue()
