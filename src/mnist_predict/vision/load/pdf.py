"""PDF -> its pages, drawn by PDFium as they would be printed, with annotations and the fields of forms.

PDFium may not be called by two threads at once. It need not be: `decoding` has but one, and ends it in time.
"""

from typing import Any

import numpy as np
import pypdfium2
from pypdfium2 import raw

from mnist_predict.errors import BrokenPicture
from mnist_predict.vision.load.raster import (
    DECODED_PIXELS,
    MAX_PAGES,
    Picture,
    check_page,
    too_many_pages,
)

DOTS_PER_INCH = 200  # of a page that is not larger than a book's
_POINTS_PER_INCH = 72


def page(data: bytes, number: int) -> tuple[Picture, int]:
    """A page of a PDF, and how many it has; raises `BrokenPicture`, and what `too_many_pages` makes."""
    document = _open(data)
    try:
        pages = len(document)
        if pages > MAX_PAGES:
            raise too_many_pages()
        check_page(number, pages)
        return _draw(document, number), pages
    finally:
        document.close()


def _open(data: bytes) -> Any:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):  # or locked by a way that is not known
            raise BrokenPicture("The PDF is locked with a password. Save it without one and send it again.") from error
        raise BrokenPicture("The PDF is damaged or cut short. Send it again, or another file.") from error
    document.init_forms()
    return document


def _draw(document: Any, number: int) -> Picture:
    try:
        page = document[number]
    except pypdfium2.PdfiumError as error:
        raise BrokenPicture(f"Page {number + 1} of the PDF is damaged. Save it anew and send it again.") from error
    wide, high = page.get_size()
    if not (wide > 0 and high > 0):
        raise BrokenPicture(f"Page {number + 1} of the PDF has no size. Save it anew and send it again.")
    scale = min(DOTS_PER_INCH / _POINTS_PER_INCH, (DECODED_PIXELS / (wide * high)) ** 0.5)
    width, height = (min(max(1, round(length * scale)), DECODED_PIXELS) for length in (wide, high))
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR, rev_byteorder=True)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    place = (0, 0, width, height, 0, raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER)
    raw.FPDF_RenderPageBitmap(bitmap, page, *place)
    if document.formenv:
        raw.FPDF_FFLDraw(document.formenv, bitmap, page, *place)
    pixels = np.array(bitmap.to_numpy())
    page.close()
    return Picture(pixels, (width, height), 1.0)
