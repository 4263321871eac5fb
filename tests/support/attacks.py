"""Files that are made to hurt whoever decodes them; each is small. Shared by the tests and by `make attack`."""

import struct
import zlib
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import numpy as np
import requests
from PIL import Image
from requests.adapters import HTTPAdapter

HEIC = Path(__file__).parents[1] / "vision" / "pictures" / "seven.heic"


def pdf(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalog."""
    out, starts = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        starts.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    end = b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(starts) + 1, table)
    last = b"trailer <</Root 1 0 R /Size %d %b>>\nstartxref\n%d\n%%%%EOF" % (len(starts) + 1, trailer, len(out))
    return bytes(out) + end + last


CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A stream object of a PDF."""
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (entries, len(content), content)


def one_page(content: bytes, page: bytes = b"/MediaBox[0 0 200 100]", *more: bytes, entries: bytes = b"") -> bytes:
    """A PDF of one page that draws that content."""
    first = b"<</Type/Page/Parent 2 0 R/Contents 4 0 R%b>>" % page
    return pdf(CATALOG, PAGES, first, stream(content, entries), *more)


def nested_forms(deep: int = 12, times: int = 10) -> bytes:
    """2.6 kB: each form draws the next ten times; the last would be drawn 10^12 times."""
    forms = []
    for at in range(deep):
        number = 5 + at
        inner = b"/F Do " * times if at < deep - 1 else b"0 0 1 1 re f "
        more = b"/Resources<</XObject<</F %d 0 R>>>>" % (number + 1) if at < deep - 1 else b""
        forms.append(stream(inner, b"/Type/XObject/Subtype/Form/BBox[0 0 200 100]" + more))
    return one_page(b"/F Do", b"/MediaBox[0 0 200 100]/Resources<</XObject<</F 5 0 R>>>>", *forms)


@cache
def inflated_twice(size: int = 200_000_000) -> bytes:
    """1 kB that inflates twice to 200 MB of drawing."""
    maker = zlib.compressobj(9)
    part = b"0 0 1 1 re f\n" * 80_000
    once = b"".join(maker.compress(part) for _ in range(size // len(part))) + maker.flush()
    return one_page(zlib.compress(once, 9), entries=b"/Filter[/FlateDecode/FlateDecode]")


def saved_states() -> bytes:
    """50 kB: the state of the drawing is saved as often as there is room, and deflated at that."""
    content = zlib.compress(b"q " * 20_000_000, 9)
    return one_page(content, entries=b"/Filter/FlateDecode")


def inline_images(count: int = 2_000_000) -> bytes:
    """Two million pictures within the drawing of a page."""
    image = b"BI /W 1 /H 1 /BPC 8 /CS /G ID a EI\n"
    return one_page(zlib.compress(image * count, 9), entries=b"/Filter/FlateDecode")


def png(width: int, height: int, depth: int, colour: int, row: bytes = b"", *chunks: bytes) -> bytes:
    """A PNG of rows that are all alike; blank where none is given. `colour`: as in its header (0 grey, 2 RGB, 3
    palette, 4 grey and alpha, 6 RGBA)."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = row or b"\xff" * -(-width * depth * channels // 8)
    maker = zlib.compressobj(9)
    data = b"".join(maker.compress(b"\0" + row) for _ in range(height)) + maker.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join([chunk(b"IHDR", head), *chunks, chunk(b"IDAT", data), chunk(b"IEND", b"")])


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as a file."""
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def noise(height: int, width: int) -> bytes:
    """A PNG of random black and white pixels."""
    return saved(Image.fromarray(np.random.default_rng(5).integers(0, 2, (height, width), np.uint8) * 255), "PNG")


def stroke() -> Image.Image:
    """A picture that one stroke fills, as long as a page may be without being reduced: around it, in proportion to its
    length, there are gigabytes of paper."""
    page = Image.new("L", (20, 49_699), 255)
    page.paste(0, (4, 4, 16, 49_695))
    return page


def blank_pages(count: int = 50, side: int = 8000) -> bytes:
    """A fax of blank pages of 64 megapixels each, all of them the same 1 kB: a bit a line says "as the line before"."""
    lines = b"\xff" * (side // 8) + b"\x00\x10\x01"  # and the end of the block (ITU-T T.6)
    tags = {256: side, 257: side, 258: 1, 259: 4, 262: 0, 273: 8, 277: 1, 278: side, 279: len(lines)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    first = 8 + len(lines)
    length = 2 + len(entries) + 4
    pages = (
        struct.pack("<H", len(tags)) + entries + struct.pack("<I", first + length * at if at < count else 0)
        for at in range(1, count + 1)
    )
    return struct.pack("<2sHI", b"II", 42, first) + lines + b"".join(pages)


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of a HEIC file (ISO/IEC 14496-12, section 4.2)."""
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def nested_grids(deep: int = 14) -> bytes:
    """A HEIC of 6 kB: grids of four grids each, so many deep; the picture at the bottom would be decoded 4^deep times.

    libheif refuses two references to the same item and circles, so each level has four items that name all four below.
    """
    real = HEIC.read_bytes()
    at = real.index(b"hvcC") - 4
    coder = real[at : at + int.from_bytes(real[at : at + 4], "big")]
    size = real[real.index(b"ispe") + 8 :][:8]  # width and height
    coded = real[real.index(b"mdat") + 4 :]
    width, height = struct.unpack(">II", size)
    twice = struct.pack(">II", 2 * width, 2 * height)
    grid = struct.pack(">BBBB", 0, 1, 1, 1) + twice
    count = 4 * (deep + 1)
    kinds = [b"hvc1"] * 4 + [b"grid"] * (count - 4)

    def meta(start: int) -> bytes:
        places = [(start, len(coded))] * 4 + [(start + len(coded), len(grid))] * (count - 4)
        below = [struct.pack(">4I", *(4 * (item // 4 - 1) + each for each in (1, 2, 3, 4))) for item in range(4, count)]
        items = [box(b"infe", struct.pack(">IIH4sB", 3 << 24, n, 0, kind, 0)) for n, kind in enumerate(kinds, 1)]
        located = [struct.pack(">IHHHII", n, 0, 0, 1, *place) for n, place in enumerate(places, 1)]
        nested = [box(b"dimg", struct.pack(">IH", n, 4), four) for n, four in enumerate(below, 5)]
        owned = [
            struct.pack(">IBB", n, 1, 3) if n > 4 else struct.pack(">IBBB", n, 2, 0x81, 2) for n in range(1, count + 1)
        ]
        return box(
            b"meta",
            bytes(4),
            box(b"hdlr", struct.pack(">II4s13x", 0, 0, b"pict")),
            box(b"pitm", struct.pack(">II", 1 << 24, count)),
            box(b"iloc", struct.pack(">IBBI", 2 << 24, 0x44, 0, count), *located),
            box(b"iinf", struct.pack(">II", 1 << 24, count), *items),
            box(b"iref", struct.pack(">I", 1 << 24), *nested),
            box(
                b"iprp",
                box(b"ipco", coder, box(b"ispe", bytes(4), size), box(b"ispe", bytes(4), twice)),
                box(b"ipma", struct.pack(">II", 1 << 24, count), *owned),
            ),
        )

    head = box(b"ftyp", b"heic", bytes(4), b"mif1heic")
    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", coded, grid)


def overlapping(name: str, data: bytes, count: int = 1000) -> bytes:
    """A zip of so many files that share the bytes of one: its entry in the table of contents comes again and again."""
    one = zipped({name: data}, ZIP_DEFLATED)
    start = one.index(b"PK\1\2")
    entry = one[start : one.index(b"PK\5\6")]
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, count * len(entry), start, 0)
    return one[:start] + count * entry + end


def zipped(files: dict[str, bytes], compression: int = ZIP_STORED) -> bytes:
    """A zip of these files."""
    out = BytesIO()
    with ZipFile(out, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


@cache
def blank_bmp(size: int) -> bytes:
    """A blank picture, of about so many bytes."""
    side = int((size / 3) ** 0.5)
    return saved(Image.new("RGB", (side, side), "white"), "BMP")


def client(address: str) -> requests.Session:
    """A client with an address of its own; all of 127.0.0.0/8 is this machine."""
    session = requests.Session()
    session.mount("http://", _From(address))
    return session


class _From(HTTPAdapter):
    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, **more, source_address=(self._address, 0))
