"""Files that are nearly pictures: a corpus of every format that is read, and what accidents and attackers make of it.

The corpus is grown from a picture in each format by coverage of the code that decodes (see tests/chaos/grow.py).
"""

import zlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import attacks
import numpy as np
from PIL import Image

_VISION = Path(__file__).parent.parent / "vision"
CORPUS = _VISION / "corpus.zip"
_INTERESTING = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
_SEVEN = b"4 w 60 80 m 130 80 l 90 20 l S"


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture's bytes in that format of Pillow."""
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def formats() -> dict[str, bytes]:
    """A small picture in every format that is read, in its usual kinds of compression."""
    page = Image.fromarray(np.random.default_rng(3).integers(0, 2, (5, 6, 3), np.uint8) * 200).resize((24, 20), 0)
    return {
        "png": encoded(page, "PNG"),
        "jpeg": encoded(page, "JPEG"),
        "progressive": encoded(page, "JPEG", progressive=True),
        "cmyk": encoded(page.convert("CMYK"), "JPEG"),
        "webp": encoded(page, "WEBP"),
        "lossless": encoded(page, "WEBP", lossless=True),
        "gif": encoded(page, "GIF"),
        "bmp": encoded(page, "BMP"),
        "palette": encoded(page.convert("P"), "BMP"),
        "tiff": encoded(page, "TIFF"),
        "lzw": encoded(page, "TIFF", compression="tiff_lzw"),
        "deflate": encoded(page, "TIFF", compression="tiff_deflate"),
        "tiff-jpeg": encoded(page, "TIFF", compression="jpeg"),
        "fax": encoded(page.convert("1"), "TIFF", compression="group4"),
        "animated": encoded(page, "GIF", save_all=True, append_images=[page.rotate(90)]),
        "heic": (_VISION / "pictures" / "seven.heic").read_bytes(),
        "pdf": attacks.one_page(_SEVEN),
        "pdf-image": encoded(page, "PDF"),
        "zip": attacks.zipped({"a.png": encoded(page, "PNG"), "b.gif": encoded(page, "GIF")}),
    }


def corpus() -> list[bytes]:
    """A picture in each format, and the files that were grown from them."""
    with ZipFile(CORPUS) as grown:
        return [*formats().values(), *map(grown.read, sorted(grown.namelist()))]


def keep(files: Sequence[bytes]) -> None:
    """Write the grown part of the corpus."""
    with ZipFile(CORPUS, "w", ZIP_DEFLATED) as archive:
        for number, data in enumerate(files):
            archive.writestr(f"{number:04}", data)


def mutated(samples: Sequence[bytes], rng: np.random.Generator) -> bytes:
    """One of the samples, changed in up to six places: bytes flipped, overwritten, cut out, doubled, exchanged between
    files, numbers made extreme. Of one in twenty only the beginning is kept. Half of the PNG files get right checksums.
    """
    data = bytearray(samples[rng.integers(len(samples))])
    for _ in range(int(rng.integers(1, 7))):
        at, length = int(rng.integers(len(data))), int(rng.integers(1, 33))
        match int(rng.integers(7)):
            case 0:
                data[at] ^= 1 << int(rng.integers(8))
            case 1:
                data[at : at + length] = rng.bytes(length)
            case 2 if len(data) > 64:
                del data[at : at + length]
            case 3:
                data[at:at] = data[at : at + length] * int(rng.choice([1, 1, 2, 50]))
            case 4:
                size, order = int(rng.choice([1, 2, 4])), "big" if rng.random() < 0.5 else "little"
                number = _INTERESTING[rng.integers(len(_INTERESTING))] % 256**size
                data[at : at + size] = number.to_bytes(size, order)
            case 5:
                other = samples[rng.integers(len(samples))]
                start = int(rng.integers(len(other)))
                data[at : at + length] = other[start : start + 8 * length]
            case _:
                data[at] = (data[at] + int(rng.integers(-3, 4))) % 256
    if rng.random() < 0.05:
        data = data[: int(rng.integers(4, 64))] + rng.bytes(int(rng.integers(200)))
    return _with_checksums(bytes(data)) if rng.random() < 0.5 else bytes(data)


def _with_checksums(data: bytes) -> bytes:
    """A PNG file whose chunks have the checksums of what is in them; other files as they are."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    out, at = bytearray(data), 8
    while at + 12 <= len(out):
        end = at + 8 + int.from_bytes(out[at : at + 4], "big")
        if end + 4 > len(out):
            break
        out[end : end + 4] = zlib.crc32(out[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(out)
