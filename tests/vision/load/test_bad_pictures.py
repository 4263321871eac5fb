"""What is no picture, is damaged or is too large: the right refusal, before anything is decoded, and never a crash."""

import contextlib
import os
import re
import struct
import zlib
from pathlib import Path
from time import process_time

import attacks
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import encoded, formats
from PIL import Image

from mnist_predict.errors import BadRequest, BrokenPicture, NotAPicture, TooLarge, UserError
from mnist_predict.reading import Reading
from mnist_predict.vision.load import picture
from mnist_predict.vision.load.picture import decode, media_type, preview

pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow's, about the damage that is wanted here


GOOD = {name: data for name, data in formats().items() if name not in ("heic", "pdf", "pdf-image", "zip")}


@pytest.fixture(scope="module")
def good(heic):
    return GOOD | {"heic": heic}


def test_empty_file():
    with pytest.raises(BadRequest) as refused:
        decode(b"")
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "data",
    [
        b"just text, seven",
        b"BMW is a car, not a bitmap",
        b"PK\x03\x04" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'><text>7</text></svg>",
        b"<?xml version='1.0'?><svg/>",
        b"\0\0\0\x20ftypisom" + bytes(50),
        b"\0\0\0\x20ftypavif" + bytes(50),
        b"P6 2 2 255 " + bytes(12),
        b"RIFF\x10\0\0\0WAVEfmt ",
        b"\x89PNG",
        b"\0",
    ],
)
def test_not_a_picture(data):
    for refuse in (decode, media_type, preview):
        with pytest.raises(NotAPicture) as refused:
            refuse(data)
    assert refused.value.status == 415
    assert "PNG" in str(refused.value)


def test_every_cut_is_noticed(good):
    """A file that is cut short is refused, or it lacks nothing of its pixels."""
    for name, data in good.items():
        whole = decode(data).pixels
        start = 30 if name != "heic" else 60
        for end in range(start, len(data), max(1, len(data) // 60)):
            with contextlib.suppress(BrokenPicture):
                assert np.array_equal(decode(data[:end]).pixels, whole), (name, end)
        if name != "animated":  # half of it has all of its first frame
            with pytest.raises(BrokenPicture) as refused:
                decode(data[: len(data) // 2])
            assert refused.value.status == 422


def test_png_with_a_wrong_checksum_of_its_pixels():
    data = bytearray(GOOD["png"])
    data[data.index(b"IDAT") + 8] ^= 1
    with pytest.raises(BrokenPicture):
        decode(bytes(data))


def test_too_many_bytes():
    with pytest.raises(TooLarge) as refused:
        decode(GOOD["png"] + bytes(picture.MAX_BYTES))
    assert refused.value.status == 413
    assert "20 MB" in str(refused.value)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"\0")) + _chunk(b"IEND", b"")


def _declared(name: str, width: int, height: int) -> bytes:
    """A small file of that format which declares a size it does not have."""
    if name == "png":
        return _png(width, height)
    data = bytearray(GOOD[name])
    if name == "jpeg":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", height, width)
    elif name == "gif":
        data[6:10] = struct.pack("<HH", width, height)
    elif name == "bmp":
        data[18:26] = struct.pack("<ii", width, height)
    elif name == "lossless":
        data[21:25] = struct.pack("<I", (width - 1) | (height - 1) << 14)
    else:
        for tag, value in ((256, width), (257, height)):
            entry = re.search(struct.pack("<H", tag) + b"[\3\4]\0\1\0\0\0", data, re.DOTALL)
            data[entry.start() : entry.start() + 12] = struct.pack("<HHII", tag, 4, 1, value)
    return bytes(data)


@pytest.mark.parametrize("name", ["png", "jpeg", "gif", "bmp", "lossless", "tiff", "deflate"])
def test_a_bomb_is_refused_by_its_declared_size(name):
    start = process_time()
    with pytest.raises(TooLarge) as refused:
        decode(_declared(name, 16_000, 4_001))
    assert process_time() - start < 2
    assert refused.value.status == 413
    assert "64 megapixels" in str(refused.value)


def test_sizes_far_beyond_the_limit():
    for data in (_png(2_000_000_000, 2_000_000_000), _declared("bmp", 2**30, 2**30), _declared("tiff", 2**31, 2**31)):
        with pytest.raises((TooLarge, BrokenPicture)):
            decode(data)


def test_just_under_the_limit_is_read():
    blank = encoded(Image.new("1", (8000, 8000), 1), "PNG")
    assert decode(blank).size == (8000, 8000)


def test_endless_progressive_jpeg_is_refused():
    data = GOOD["progressive"]
    at = data.rindex(b"\xff\xda")
    with pytest.raises(BrokenPicture, match="scans"):
        decode(data[:at] + data[at:-2] * 200 + data[-2:])


def test_png_in_a_million_pieces_is_refused():
    pieces = attacks.chunk(b"tEXt", b"") * 1_600_000
    start = process_time() + children_time()
    with pytest.raises(BrokenPicture, match="pieces"):
        decode(attacks.png(8, 8, 8, 0, b"", pieces))
    assert process_time() + children_time() - start < 1


def children_time() -> float:
    """Seconds of CPU of the processes that decode, to a hundredth."""
    pids = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    times = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13] for pid in pids]
    return sum(int(ticks) for pair in times for ticks in pair) / os.sysconf("SC_CLK_TCK")


def _answer(recognizer, data: bytes) -> None:
    with contextlib.suppress(UserError):
        assert isinstance(recognizer.read(data), Reading)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    start=st.sampled_from(sorted(GOOD)),
    keep=st.integers(4, 60),
    rest=st.binary(max_size=200),
)
def test_invented_bytes_after_a_true_beginning(recognizer, start, keep, rest):
    _answer(recognizer, GOOD[start][:keep] + rest)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    kind=st.sampled_from(["noise", "specks", "stripes", "ramp"]),
    seed=st.integers(0, 10**6),
)
def test_invented_pixels(recognizer, size, kind, seed):
    random = np.random.default_rng(seed)
    y, x = np.mgrid[: size[0], : size[1]]
    pixels = {
        "noise": random.integers(0, 256, (*size, 3)),
        "specks": (random.random((*size, 1)) < 0.1) * random.integers(0, 256, 3),
        "stripes": ((x * random.integers(1, 9) + y * random.integers(1, 9)) % 7 < 3)[..., None] * np.full(3, 255),
        "ramp": (x * 255 // size[1])[..., None].repeat(3, 2),
    }[kind].astype(np.uint8)
    reading = recognizer.read_pixels(pixels)
    assert Reading.from_dict(reading.to_dict()).number == reading.number
    for number in reading.numbers:
        for digit in number.digits:
            left, top, width, height = digit.box
            assert 0 <= left < left + width <= size[1]
            assert 0 <= top < top + height <= size[0]
