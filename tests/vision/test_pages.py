"""Files of several pages: PDF and TIFF, page by page in one reading; and PDF that is locked, damaged or too much."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pytest
from attacks import CATALOG, PAGES, one_page, pdf, stream
from PIL import Image, TiffImagePlugin

from mnist_predict.errors import BadRequest, BrokenPicture, TooLarge
from mnist_predict.reading import Reading
from mnist_predict.vision.load import raster
from mnist_predict.vision.load.picture import decode, decode_pages, media_type, preview
from mnist_predict.vision.read.expect import expectation
from mnist_predict.vision.tell.explain import draw


def saved(kind: str, *pages: np.ndarray, **options) -> bytes:
    out = BytesIO()
    first, *rest = [Image.fromarray(page) for page in pages]
    first.save(out, kind, save_all=True, append_images=rest, **options)
    return out.getvalue()


SEVEN = b"6 w 1 J 1 j 80 80 m 120 80 l 95 20 l S"  # strokes of a 7 on a page of 200 x 100 points


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_all_pages_are_one_reading(recognizer, write, kind):
    data = saved(kind, write("12", 40), write("4072", 60), write("7", 50))
    assert media_type(data) == {"PDF": "application/pdf", "TIFF": "image/tiff"}[kind]
    reading = recognizer.read(data)
    assert [(number.text, number.page) for number in reading.numbers] == [("12", 0), ("4072", 1), ("7", 2)]
    assert (reading.primary, reading.number) == (1, "4072")
    assert Reading.from_dict(reading.to_dict()).to_dict() == reading.to_dict()
    for number, page in zip(reading.numbers, decode_pages(data), strict=True):
        x, y, w, h = number.box
        assert 0 <= x < x + w <= page.size[0]
        assert 0 <= y < y + h <= page.size[1]
        assert page.pixels[y : y + h, x : x + w].min() < 90
    assert recognizer.read(data, expectation("1-2 digits")).number == "12"


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_blank_pages_between_are_passed_over(recognizer, write, kind):
    blank = np.full((80, 120), 255, np.uint8)
    reading = recognizer.read(saved(kind, blank, write("31", 40), blank))
    assert [(number.text, number.page) for number in reading.numbers] == [("31", 1)]
    assert recognizer.read(saved(kind, blank, blank)).advice != ()


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_any_page_can_be_shown(write, kind):
    data = saved(kind, write("1", 40), write("4072", 40))
    for page in (0, 1):
        shown = Image.open(BytesIO(preview(data, page=page)))
        assert shown.size == decode(data, page).size
    assert decode(data).size[0] < decode(data, 1).size[0]
    with pytest.raises(BadRequest, match="no page 3"):
        decode(data, 2)


def test_the_page_of_the_primary_number_is_explained(recognizer, write):
    data = saved("TIFF", np.full((50, 50), 255, np.uint8), write("4072", 60))
    drawn = Image.open(BytesIO(draw(data, recognizer.read(data))))
    assert drawn.width > 480
    assert drawn.width > 2 * drawn.height / 2


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_its_beginning(recognizer, write, kind):
    pages = [write("31", 40), write("64", 40)]
    height, width = np.min([page.shape for page in pages], axis=0)
    data = saved(kind, *[page[:height, :width] for page in pages])
    assert len(list(decode_pages(data))) == 1
    assert recognizer.read(data).number == "31"


def test_smaller_copies_and_masks_in_a_tiff_are_no_pages(write):
    page = Image.fromarray(write("31", 40))
    out = BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(out, True) as file:
        for kind in (0, 1, 4, 2):
            page.save(file, "TIFF", tiffinfo={254: kind})
            file.newFrame()
    assert len(list(decode_pages(out.getvalue()))) == 2


def test_strokes_of_a_pdf_are_drawn_as_they_are_printed():
    decoded = decode(one_page(SEVEN))
    assert decoded.size == (556, 278)  # 200 dots per inch
    assert decoded.pixels[:20].min() == 255
    assert decoded.pixels[278 - 222, 278].max() < 50
    turned = decode(one_page(SEVEN, b"/MediaBox[0 0 200 100]/Rotate 90"))
    assert turned.size == (278, 556)
    assert np.abs(np.rot90(turned.pixels).astype(int) - decoded.pixels).mean() < 3


def test_annotations_are_drawn():
    note = b"<</Type/Annot/Subtype/Stamp/F 4/Rect[0 0 200 100]/AP<</N 6 0 R>>>>"
    look = stream(SEVEN, b"/Type/XObject/Subtype/Form/BBox[0 0 200 100]")
    assert decode(one_page(b"", b"/MediaBox[0 0 200 100]/Annots[5 0 R]", note, look)).pixels.min() < 50


@pytest.mark.parametrize("box", [b"0 0 14400 14400", b"0 0 1 14400", b"0 0 0.01 0.01", b"0 0 0 0", b"0 0 1e9 1e9"])
def test_pages_of_any_size_stay_small(box):
    decoded = decode(one_page(SEVEN, b"/MediaBox[%b]" % box))
    assert decoded.pixels.shape[0] * decoded.pixels.shape[1] <= 1.01 * raster.DECODED_PIXELS
    assert decoded.pixels.shape[:2] == decoded.size[::-1]


LOCKED = {
    "password": b"<</Filter/Standard/V 1/R 2/P -4/O<%b>/U<%b>>>" % (b"ab" * 32, b"cd" * 32),
    "certificate": b"<</Filter/Adobe.PubSec/SubFilter/adbe.pkcs7.s5/V 4/R 4/Recipients[]>>",
    "unknown": b"<</Filter/Locks.R.Us/V 4/R 4>>",
    "a key of 2 GB": b"<</Filter/Standard/V 2/R 3/Length 2147483640/P -4/O<%b>/U<%b>>>" % (b"ab" * 32, b"cd" * 32),
}


@pytest.mark.parametrize("lock", LOCKED)
def test_a_locked_pdf_is_refused(lock):
    objects = (CATALOG, PAGES, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>")
    with pytest.raises(BrokenPicture, match="password") as refused:
        decode(pdf(*objects, trailer=b"/Encrypt%b/ID[<00><00>]" % LOCKED[lock]))
    assert refused.value.status == 422


def test_a_damaged_pdf_is_refused(write):
    whole = saved("PDF", write("31", 40))
    for data in (b"%PDF-1.7\n", whole[:200], b"%PDF-1.4 no more than words"):
        with pytest.raises(BrokenPicture, match=r"PDF|damaged") as refused:
            decode(data)
        assert refused.value.status == 422


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_too_many_pages(kind):
    dot = np.full((4, 4), 255, np.uint8)
    assert len(list(decode_pages(saved(kind, *[dot] * raster.MAX_PAGES)))) == raster.MAX_PAGES
    with pytest.raises(TooLarge, match="50 pages") as refused:
        next(decode_pages(saved(kind, *[dot] * (raster.MAX_PAGES + 1))))
    assert refused.value.status == 413


def test_pdfs_are_drawn_for_several_threads(write):
    data = saved("PDF", write("31", 40), write("4072", 40))
    alone = [page.pixels for page in decode_pages(data)]
    with ThreadPoolExecutor(4) as pool:
        for pages in pool.map(lambda _: list(decode_pages(data)), range(8)):
            assert all(np.array_equal(page.pixels, one) for page, one in zip(pages, alone, strict=True))
