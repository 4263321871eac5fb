"""PDF -> its pages, drawn by PDFium as they would be printed, with annotations and the fields of forms.

PDFium may not be called by two threads at once, so that each call is made under a lock.
"""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from mnist_predict.errors import BrokenPicture, TooLarge
from mnist_predict.vision.raster import DECODED_PIXELS, MAX_PAGES, MAX_PIXELS, Picture, too_large, too_many_pages

DOTS_PER_INCH = 200  # of a page that is not larger than a book's
_POINTS_PER_INCH = 72

_turn = threading.RLock()  # the same thread may come to close a document that nobody needs any more


def pages(data: bytes, first: int, until: float) -> Iterator[Picture]:
    """The pages from that one on, each drawn when it is asked for; `until`: when to give up (`time.monotonic`)."""
    import pypdfium2

    with _turn:
        document = _open(pypdfium2, data)
    try:
        with _turn:
            count = len(document)
        if count > MAX_PAGES:
            raise too_many_pages()
        for number in range(first, count):
            with _turn:
                picture = _draw(pypdfium2, document, number, until)
            yield picture
    finally:
        with _turn:
            document.close()


def _open(pypdfium2: Any, data: bytes) -> Any:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise BrokenPicture("The PDF is locked with a password. Save it without one and send it again.") from error
        raise BrokenPicture("The PDF is damaged or cut short. Send it again, or another file.") from error
    document.init_forms()
    return document


def _draw(pypdfium2: Any, document: Any, number: int, until: float) -> Picture:
    raw = pypdfium2.raw
    try:
        page = document[number]
    except pypdfium2.PdfiumError as error:
        raise BrokenPicture(f"Page {number + 1} of the PDF is damaged. Save it anew and send it again.") from error
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        width, height = image.get_px_size()
        if width * height > MAX_PIXELS:
            raise too_large()
    wide, high = page.get_size()
    if not (wide > 0 and high > 0):
        raise BrokenPicture(f"Page {number + 1} of the PDF has no size. Save it anew and send it again.")
    scale = min(DOTS_PER_INCH / _POINTS_PER_INCH, (DECODED_PIXELS / (wide * high)) ** 0.5)
    width, height = (min(max(1, round(length * scale)), DECODED_PIXELS) for length in (wide, high))
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR, rev_byteorder=True)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    pause = raw.IFSDK_PAUSE(version=1)
    late = type(pause.NeedToPauseNow)(lambda _: int(time.monotonic() > until))
    pause.NeedToPauseNow = late
    place = (0, 0, width, height, 0, raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER)
    status = raw.FPDF_RenderPageBitmap_Start(bitmap, page, *place, pause)
    raw.FPDF_RenderPage_Close(page)
    if status == raw.FPDF_RENDER_TOBECONTINUED:
        raise TooLarge(f"Page {number + 1} of the PDF takes too long to draw. Send a picture of it.")
    if status != raw.FPDF_RENDER_DONE:
        raise BrokenPicture(f"Page {number + 1} of the PDF cannot be drawn. Save it anew and send it again.")
    if document.formenv:
        raw.FPDF_FFLDraw(document.formenv, bitmap, page, *place)
    pixels = np.array(bitmap.to_numpy())
    page.close()
    return Picture(pixels, (width, height), 1.0)
