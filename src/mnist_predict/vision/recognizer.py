"""Picture -> reading: the whole way, with the networks of one model version."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import chain

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.models.registry import open_version
from mnist_predict.reading import Box, Number, Reading, merge_pages, union
from mnist_predict.turns import give_way
from mnist_predict.vision.find.finding import Found, find
from mnist_predict.vision.find.ink import paper_level, to_grey
from mnist_predict.vision.find.layout import DigitInk, hangs_together, in_row, is_stroke, with_marks
from mnist_predict.vision.find.page import Line, PageReader, reduced
from mnist_predict.vision.find.turning import clarity, lies, may_lie, turned, turned_back
from mnist_predict.vision.load import decoder
from mnist_predict.vision.load.picture import decode_pages
from mnist_predict.vision.load.raster import Picture
from mnist_predict.vision.read.classifier import Classifier
from mnist_predict.vision.read.ensemble import MARGINS, LineReading, crops, entire, parted, read_line
from mnist_predict.vision.read.expect import Expectation
from mnist_predict.vision.read.line import Grey, LineReader
from mnist_predict.vision.read.normalize import normalize
from mnist_predict.vision.tell.advice import DARKNESS, advise, cut_off, dark
from mnist_predict.vision.tell.fitting import as_expected
from mnist_predict.vision.tell.fusion import Rows, fuse
from mnist_predict.vision.tell.rows import in_rows
from mnist_predict.vision.tell.written import has_struck, told

NO_INK = "Nothing is written here that stands out from the paper. Use a darker pen or more light."
NO_DIGITS = "This does not look like a handwritten number. Send a picture of the number alone."
FILLS = 0.25  # height of the digits over that of the picture, from which all of it may be one number
FLATTEST = 25  # width over height of the longest picture that may be one number
UNSURE = 0.5  # confidence below which the picture is also read as one number
LEAST = 0.02  # confidence below which a number is none
LIKELY = 0.3  # confidence that such a number needs, and one that only the ink shows, or only the page network sees
ONES = 10  # strokes side by side that may be a number
SURE = 0.9  # probability from which the digit network knows a digit
TALL = 96  # pixels of height of lines that are tall enough to be read
TINY = 40  # pixels of height or width; in such a picture there is nothing but a number
FEW = 12  # places on a page that may lie on its side: what has more is seldom a number, and costs four readings
MOST = 400  # numbers on a page that are read

Turn = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a number may stand: its box, the digits that layout sees there, the crops to look at, the probability that
    there is a line of digits at all, and the confidence that a number needs."""

    box: Box
    digits: tuple[DigitInk, ...]
    crops: tuple[Box, ...]
    score: float = 1.0
    least: float = LEAST


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read in a place: its numbers, and whether others are struck out there."""

    place: _Place
    numbers: tuple[Number, ...]
    struck: bool

    @property
    def box(self) -> Box:
        """Around its numbers."""
        return union([number.box for number in self.numbers])


@dataclass(frozen=True, slots=True)
class _Page:
    """A picture, its grey levels and ink (h, w), the grey level of its paper, and the lines of digits seen on it; None
    where it is too small to hold more than a number."""

    picture: Picture
    grey: Grey
    density: Grey
    paper: int
    lines: tuple[Line, ...] | None
    found: tuple[Found, ...]


class Recognizer:
    """Reads pictures with one model version; thread-safe."""

    def __init__(
        self, classifier: Classifier, line_reader: LineReader, model_version: str, page_reader: PageReader | None = None
    ) -> None:
        cv2.setNumThreads(1)  # as the networks: the server has a worker for each core
        self.classifier = classifier
        self.line_reader = line_reader
        self.page_reader = page_reader
        self.model_version = model_version

    def read(self, data: bytes, expected: Expectation | None = None, turn: Turn = nullcontext) -> Reading:
        """What the picture in these bytes shows, on all its pages. Raises the errors of `picture.decode_pages`.

        `turn`: entered for each page that is read, not while one is decoded.
        """
        readings = []
        for page in decode_pages(data):
            with turn():
                readings.append(self._read(page, expected))
        return merge_pages(readings)

    def read_pixels(self, pixels: npt.NDArray[np.uint8], expected: Expectation | None = None) -> Reading:
        """What (h, w) grey or (h, w, 3) RGB uint8 pixels show."""
        height, width = pixels.shape[:2]
        return self._read(Picture(pixels, (width, height), 1.0), expected)

    def _read(self, picture: Picture, expected: Expectation | None) -> Reading:
        """The reading of a page as it lies; or turned, where it reads poorly so, and no better as what is expected."""
        reading, free, places = self._as_it_lies(picture, expected)
        if not 0 < places <= FEW or not may_lie(free):
            return reading
        others = {quarters: self._as_it_lies(turned(picture, quarters), None)[0] for quarters in (1, 2, 3)}
        best = max(others, key=lambda quarters: clarity(others[quarters]))
        if not lies(free, others[best]):
            return reading
        other = others[best]
        if expected is not None:
            other = self._as_it_lies(turned(picture, best), expected)[0]
            if other.confidence <= reading.confidence:
                return reading
        return turned_back(other, best, picture.size)

    def _page(self, picture: Picture) -> _Page:
        grey = to_grey(picture.pixels)
        lines = None
        if self.page_reader is not None and min(grey.shape) > TINY:
            lines = tuple(self.page_reader.lines(grey))
            by = int(min((line.height for line in lines), default=0) / TALL)
            if by >= 2:  # less is enough to read them
                pixels, grey = reduced(picture.pixels, by), reduced(grey, by)
                picture = Picture(pixels, picture.size, by * picture.scale)
                lines = tuple(line.scaled(1 / by) for line in lines)
        found, density = find(grey, lines)
        return _Page(picture, grey, density, paper_level(grey), lines, tuple(found[:MOST]))

    def _as_it_lies(self, picture: Picture, expected: Expectation | None) -> tuple[Reading, Reading, int]:
        """The reading, the reading when nothing is expected, and in how many places was looked; where in none, how many
        lines run another way."""
        page = self._page(picture)
        places = self._places(page)
        found = self._or_whole([one for place in places for one in self._lines(place, page)], page)
        struck = any(line.struck for line in found)
        found = list(chain(*in_rows([line for line in found if line.numbers], lambda line: line.box)))
        numbers = tuple(number for line in found for number in line.numbers)
        if not numbers:
            none = self._none(page, places, NO_DIGITS if page.density.any() else NO_INK)
            return none, none, len(places) or len(page.lines or ())
        primary = max(range(len(numbers)), key=lambda i: numbers[i].prominence)
        reading = free = Reading(numbers, primary, (), self.model_version)
        if expected is not None:
            fitted = [(line.numbers, self._fitting(line.place, page, expected)) for line in found]
            reading = as_expected(reading, fitted, expected)
        written = [number.written for number in numbers]
        advice = advise(page.picture, page.grey, page.density, numbers[primary]) + told(written, struck)
        reading = replace(reading, advice=reading.advice + advice)
        return reading, free, len(places)

    def _places(self, page: _Page) -> list[_Place]:
        boxes = [one.box for one in page.found]
        return [
            _place(_beside(page, one.box, boxes) if one.digits else one.box, one, page, len(boxes) == 1)
            for one in page.found
        ]

    def _or_whole(self, found: list[_Read], page: _Page) -> list[_Read]:
        """The numbers found, or all of the picture as one line where that is surer: a pattern behind the writing tears
        it to pieces."""
        height, width = page.grey.shape
        if width > FLATTEST * height or (len(found) == 1 and len(found[0].place.crops) > len(MARGINS)):
            return found
        numbers = [(number, line.place.box) for line in found for number in line.numbers]
        if any(number.confidence >= UNSURE or box.h < FILLS * height for number, box in numbers):
            return found
        line = self._line(_Place(Box(0, 0, width, height), (), tuple(entire((width, height)))), page)
        surest = max([LIKELY, *(number.confidence for number, _ in numbers)])
        return [line] if max((number.confidence for number in line.numbers), default=0.0) >= surest else found

    def _lines(self, place: _Place, page: _Page) -> list[_Read]:
        """What is written in a place; or in its parts, where a ruled line that runs through them made them one."""
        seen, rows = self._seen(place, page, None)
        if seen is None:
            return []
        boxes = parted(place.box, seen.spans)
        if len(boxes) > 1:
            parts = [_place(box, Found(box, (), False), page, False) for box in boxes]
            return [self._line(replace(part, score=place.score, least=place.least), page) for part in parts]
        return [_named(seen, rows, place, page)]

    def _line(self, place: _Place, page: _Page) -> _Read:
        seen, rows = self._seen(place, page, None)
        return _Read(place, (), False) if seen is None else _named(seen, rows, place, page)

    def _fitting(self, place: _Place, page: _Page, expected: Expectation) -> Number | None:
        """The number in a place that fits best, None where none is possible."""
        seen, rows = self._seen(place, page, expected)
        return None if seen is None else _fused(seen, rows, place, page)[0]

    def _seen(self, place: _Place, page: _Page, expected: Expectation | None) -> tuple[LineReading | None, Rows]:
        """What the line network sees in a place, and what the digit network makes of a digit that is alone there, or of
        strokes side by side."""
        give_way()
        rows = np.empty((0, 10), np.float32)
        if len(place.digits) == 1 or (0 < len(place.digits) <= ONES and all(map(is_stroke, place.digits))):
            rows = self.classifier.probabilities(np.stack([normalize(digit.ink) for digit in place.digits]))
        known = "" if expected is not None else _known_alone(place.digits, rows)
        return read_line(self.line_reader, page.grey, page.paper, place.crops, known, expected), rows

    def _none(self, page: _Page, places: Sequence[_Place], reason: str) -> Reading:
        advice = [reason, DARKNESS] if dark(page.picture.pixels) else [reason]
        if places:
            largest = max((place.box for place in places), key=lambda box: box.h)
            advice += cut_off(page.density, largest, largest.h)
        return Reading((), None, tuple(advice), self.model_version)


def _named(seen: LineReading, rows: Rows, place: _Place, page: _Page) -> _Read:
    """The numbers that were seen; none where it is more likely that there is no digit."""
    struck = has_struck(seen.text)
    if math.exp(seen.log_empty) > 0.5:
        return _Read(place, (), struck)
    numbers = _fused(seen, rows, place, page)
    doubted = (replace(number, confidence=number.confidence * place.score) for number in numbers)
    return _Read(place, tuple(number for number in doubted if number.confidence >= place.least), struck)


def _fused(seen: LineReading, rows: Rows, place: _Place, page: _Page) -> list[Number]:
    return fuse(seen, place.box, union(place.crops), place.digits, rows, page.density, page.picture)


def _beside(page: _Page, box: Box, others: Sequence[Box]) -> Box:
    """The box with the marks beside it, unless that takes in another number."""
    grown = with_marks(page.density, box)
    return box if any(grown.overlap(other) > box.overlap(other) for other in others if other != box) else grown


def _place(box: Box, found: Found, page: _Page, only: bool) -> _Place:
    """`only`: it is the one place of its page, so that all of it may be one number, without doubt."""
    height, width = page.grey.shape
    whole = only and box.h >= FILLS * height and width <= FLATTEST * height
    views = tuple(crops(box, (width, height), whole))
    if found.agreed or (whole and not found.digits):
        return _Place(box, found.digits, views)
    return _Place(box, found.digits, views, found.score, LIKELY)


def _known_alone(digits: Sequence[DigitInk], rows: npt.NDArray[np.float32]) -> str:
    """The digit that the digit network is sure of, where it is one, or 1 and 1 side by side; else nothing.

    The line network takes bare strokes for lines of a form, unless it sees other digits beside them.
    """
    if not len(rows) or rows.max(axis=1).min() < SURE or not all(map(hangs_together, digits)):
        return ""
    text = "".join(map(str, rows.argmax(axis=1)))
    return text if len(text) == 1 or (set(text) == {"1"} and in_row(digits)) else ""


def open_recognizer(model: str) -> Recognizer:
    """The recognizer of the model version in that folder, loaded; empty: of the one that ships."""
    version = open_version(model)
    decoder.warm()
    page = PageReader(version.folder / "page") if (version.folder / "page").is_dir() else None
    return Recognizer(Classifier(version.folder / "digits"), LineReader(version.folder / "line"), version.name, page)
