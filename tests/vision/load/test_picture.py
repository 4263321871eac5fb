"""Bytes -> upright RGB or grey pixels: every format, mode, depth and orientation."""

import sys
from io import BytesIO
from subprocess import run

import numpy as np
import pytest
from PIL import Image

from mnist_predict.vision.load import raster
from mnist_predict.vision.load.picture import decode, media_type, preview

COLOURS = np.zeros((16, 24, 3), np.uint8)  # four fields: red, green, blue, white
COLOURS[:8, :12, 0] = COLOURS[:8, 12:, 1] = COLOURS[8:, :12, 2] = 255
COLOURS[8:, 12:] = 255


def encoded(image, kind: str, **options) -> bytes:
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def levels(picture: raster.Picture) -> np.ndarray:
    return np.asarray(Image.fromarray(picture.pixels).convert("L"))


@pytest.mark.parametrize(
    ("kind", "mime", "options"),
    [
        ("PNG", "image/png", {}),
        ("PNG", "image/png", {"interlace": 1}),
        ("BMP", "image/bmp", {}),
        ("GIF", "image/gif", {}),
        ("WEBP", "image/webp", {"lossless": True}),
        ("WEBP", "image/webp", {"quality": 95}),
        ("JPEG", "image/jpeg", {"quality": 98, "subsampling": 0}),
        ("JPEG", "image/jpeg", {"quality": 98, "subsampling": 0, "progressive": True}),
        ("TIFF", "image/tiff", {}),
        ("TIFF", "image/tiff", {"compression": "tiff_lzw"}),
        ("TIFF", "image/tiff", {"compression": "tiff_deflate"}),
        ("TIFF", "image/tiff", {"big_tiff": True}),
    ],
)
def test_formats(kind, mime, options):
    data = encoded(COLOURS, kind, **options)
    decoded = decode(data)
    assert media_type(data) == mime
    assert decoded.pixels.shape == (16, 24, 3)
    assert decoded.pixels.dtype == np.uint8
    assert (decoded.size, decoded.scale) == ((24, 16), 1.0)
    assert np.abs(decoded.pixels[4::8, 6::12].astype(int) - COLOURS[4::8, 6::12]).max() <= 12


def test_heic(heic, turned_heic):
    upright = decode(heic)
    assert media_type(heic) == "image/heic"
    assert upright.size == (104, 84)
    assert upright.pixels.min() < 20
    turned = decode(turned_heic)
    assert turned.size == (104, 84)
    assert np.abs(turned.pixels.astype(int) - upright.pixels).mean() < 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_upright(kind, orientation):
    stored = {
        1: COLOURS,
        2: COLOURS[:, ::-1],
        3: COLOURS[::-1, ::-1],
        4: COLOURS[::-1],
        5: COLOURS.transpose(1, 0, 2),
        6: np.rot90(COLOURS),
        7: np.rot90(COLOURS, 2).transpose(1, 0, 2),
        8: np.rot90(COLOURS, -1),
    }[orientation]  # how a camera that was held so stores the upright picture
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode(encoded(np.ascontiguousarray(stored), kind, exif=exif))
    assert decoded.size == (24, 16)
    assert np.abs(decoded.pixels[4::8, 6::12].astype(int) - COLOURS[4::8, 6::12]).max() <= 90


WORD_FOR_ORIENTATION = b"II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x04\0\0\0abc\0\0\0\0\0"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "exif", [b"II*\0\xff\xff\xff\xff", b"rubbish", b"MM\0*\0\0\0\x08\xff\xff", WORD_FOR_ORIENTATION]
)
def test_damaged_exif_is_overlooked(exif):
    assert decode(encoded(COLOURS, "JPEG", exif=b"Exif\0\0" + exif)).size == (24, 16)


GREY = np.tile(np.arange(0, 240, 10, dtype=np.uint8), (16, 1))


@pytest.mark.parametrize(
    "image",
    [
        Image.fromarray(GREY),
        Image.fromarray(GREY).convert("P"),
        Image.fromarray(GREY).convert("RGBA"),
        Image.fromarray(GREY).convert("LA"),
    ],
    ids=lambda image: image.mode,
)
def test_modes_of_png(image):
    assert np.abs(levels(decode(encoded(image, "PNG"))).astype(int) - GREY).max() <= 1


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB", "RGBA", "LA", "PA", "RGBX"])
def test_modes_of_tiff(mode):
    grey = Image.fromarray(GREY)
    if mode == "LAB":
        image = Image.merge("LAB", [grey, grey, grey])
    elif mode == "PA":
        image = grey.convert("P").convert("PA")
    else:
        image = grey.convert("RGB").convert(mode)
    assert np.abs(levels(decode(encoded(image, "TIFF"))).astype(int) - GREY).max() <= 3


def test_cmyk_jpeg():
    decoded = decode(encoded(Image.fromarray(COLOURS).convert("CMYK"), "JPEG", quality=98))
    assert decoded.pixels[4, 6, 0] > 200
    assert decoded.pixels[4, 6, 2] < 80


def test_one_bit():
    bits = np.kron(np.eye(4, dtype=bool), np.ones((4, 4), bool))
    for kind, options in [("PNG", {}), ("BMP", {}), ("TIFF", {"compression": "group4"})]:
        decoded = decode(encoded(Image.fromarray(bits), kind, **options))
        assert np.array_equal(levels(decoded) > 128, bits)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_deep_greys_are_scaled_to_their_depth(bits):
    deep = np.linspace(0, 2**bits - 1, 24).astype(np.uint16)[None].repeat(16, 0)
    expected = np.linspace(0, 255, 24)
    for kind in ("PNG", "TIFF"):
        assert np.abs(levels(decode(encoded(Image.fromarray(deep), kind)))[3] - expected).max() <= 1
    signed = Image.fromarray(deep.astype(np.int32) - (1 << (bits - 1)))
    shifted = levels(decode(encoded(signed, "TIFF")))[3].astype(float)
    assert np.abs(shifted - expected).max() <= 1


@pytest.mark.parametrize("top", [1.0, 255.0, 1e6])
def test_floating_point_greys(top):
    deep = np.linspace(0, top, 24, dtype=np.float32)[None].repeat(16, 0)
    deep[0, 0] = np.nan
    decoded = levels(decode(encoded(Image.fromarray(deep), "TIFF")))[3].astype(float)
    assert np.all(np.diff(decoded) >= 0)
    assert decoded[0] == 0
    assert decoded[-1] >= 230 if top != 1e6 else decoded[-1] > 10


def test_uniform_deep_picture():
    for value in (0, 9):
        decoded = decode(encoded(Image.fromarray(np.full((16, 24), value, np.uint16)), "PNG"))
        assert decoded.pixels.min() == decoded.pixels.max()


def test_transparent_ground_is_white():
    image = np.zeros((16, 24, 4), np.uint8)
    image[4:12, 8:16] = 0, 0, 0, 255
    for kind in ("PNG", "WEBP", "TIFF"):
        decoded = decode(encoded(Image.fromarray(image), kind, **({"lossless": True} if kind == "WEBP" else {})))
        assert decoded.pixels[0, 0].tolist() == [255, 255, 255]
        assert decoded.pixels[8, 12].tolist() == [0, 0, 0]


def test_white_drawing_on_a_transparent_ground_is_seen():
    image = np.zeros((16, 24, 4), np.uint8)
    image[4:12, 8:16] = 255, 255, 255, 255
    decoded = decode(encoded(Image.fromarray(image), "PNG"))
    assert decoded.pixels[0, 0].tolist() == [0, 0, 0]
    assert decoded.pixels[8, 12].tolist() == [255, 255, 255]


def test_transparent_palette_and_key_colour():
    grey = Image.fromarray(np.where(GREY > 100, 255, 0).astype(np.uint8))
    for image in (grey, grey.convert("P"), grey.convert("RGB")):
        key = (0, 0, 0) if image.mode == "RGB" else image.getpixel((0, 0))
        decoded = decode(encoded(image, "PNG", transparency=key))
        assert decoded.pixels.max() == 255


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_first_frame_of_several(kind):
    red, blue = (Image.new("RGB", (24, 16), colour) for colour in ("red", "blue"))
    options = {"lossless": True} if kind == "WEBP" else {}
    decoded = decode(encoded(red, kind, save_all=True, append_images=[blue, blue], **options))
    assert decoded.pixels[8, 8].tolist() == [255, 0, 0]


def test_large_pictures_are_decoded_reduced_with_boxes_in_original_pixels():
    noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    large = Image.fromarray(noise).resize((4000, 3000), Image.Resampling.NEAREST)
    for kind, options in [("JPEG", {}), ("PNG", {"compress_level": 1})]:
        decoded = decode(encoded(large, kind, **options))
        height, width = decoded.pixels.shape[:2]
        assert decoded.size == (4000, 3000)
        assert width * height <= (raster.DRAFT_PIXELS if kind == "JPEG" else raster.DECODED_PIXELS * 1.01)
        assert decoded.scale == pytest.approx(4000 / width)
        assert np.abs(decoded.pixels[height // 60 :: height // 30][:30].mean() - noise.mean()) < 5


def test_large_turned_jpeg():
    exif = Image.Exif()
    exif[0x0112] = 6
    decoded = decode(encoded(Image.new("RGB", (3000, 2000)), "JPEG", exif=exif))
    assert decoded.size == (2000, 3000)
    assert decoded.pixels.shape[0] > decoded.pixels.shape[1]
    assert decoded.scale == pytest.approx(2000 / decoded.pixels.shape[1])


def test_preview_is_a_small_jpeg(heic):
    for data, longest in [(heic, 50), (encoded(COLOURS, "TIFF"), 1600)]:
        shown = Image.open(BytesIO(preview(data, longest)))
        assert shown.format == "JPEG"
        assert max(shown.size) <= longest
    assert shown.size == (24, 16)


def test_no_parser_of_pictures_is_in_the_process_that_reads():
    code = (
        "import sys; from mnist_predict.vision.load.picture import decode; decode(sys.stdin.buffer.read());"
        "print([m for m in sys.modules if 'Plugin' in m or m in ('pi_heif', 'pypdfium2')])"
    )
    out = run([sys.executable, "-c", code], input=encoded(COLOURS, "PNG"), capture_output=True, check=True).stdout
    assert out.decode().strip() == "[]"
