"""Bytes -> picture: upright RGB or grey pixels, whatever the format, mode, depth or size of the file; page by page.

Pillow reads pictures (`raster`), PDFium reads PDF (`pdf`), both in a process of their own (`decoding`). One page is in
memory at a time.
"""

from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageDraw

from mnist_predict.errors import BadRequest, NotAPicture, TooLarge
from mnist_predict.reading import Box
from mnist_predict.vision.load import decoder
from mnist_predict.vision.load.raster import Picture

MAX_BYTES = 20_000_000

_MARK, _HALO = "#2447c9", "#ffffff"  # of a box that is drawn into a picture

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


def preview(
    data: bytes, longest: int = 1600, page: int = 0, part: Box | None = None, marked: Box | None = None
) -> bytes:
    """A page, or a part of it, as a JPEG that every browser shows, at most `longest` pixels wide and high.

    Of a part that reaches beyond the page, what is on the page. `marked`: a box to draw into it. Raises what `decode`
    raises.
    """
    picture = decode(data, page)
    image = Image.fromarray(picture.pixels).convert("RGB")
    left, top = 0, 0
    if part is not None:
        left, top, right, bottom = (round(each / picture.scale) for each in (part.x, part.y, part.right, part.bottom))
        left, top = max(0, min(left, image.width - 1)), max(0, min(top, image.height - 1))
        image = image.crop((left, top, max(left + 1, min(right, image.width)), max(top + 1, min(bottom, image.height))))
    width = image.width
    image.thumbnail((longest, longest), reducing_gap=2.0)
    if marked is not None:
        shown = image.width / width
        edges = [(marked.x, left), (marked.y, top), (marked.right, left), (marked.bottom, top)]
        frame = [shown * (edge / picture.scale - start) for edge, start in edges]
        line = max(1, round(max(image.size) / 300))
        for colour, thickness in ((_HALO, 3 * line), (_MARK, line)):  # seen on any colour
            grown = [edge + side * thickness / 2 for edge, side in zip(frame, (-1, -1, 1, 1), strict=True)]
            ImageDraw.Draw(image).rectangle(grown, outline=colour, width=thickness)
    out = BytesIO()
    image.save(out, "JPEG", quality=90, subsampling=0)
    return out.getvalue()
