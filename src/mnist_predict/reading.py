"""What a model saw in a picture: value objects, independent of models, stores and pages.

Their JSON form (`to_dict`) is shared by `predict --json`, the HTTP answers and the store.
Boxes are in pixels of the upright picture; confidences and probabilities lie in 0..1.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Self

Json = dict[str, Any]

SAME = 0.5  # of the smaller box, from which two places are of the same number
UNSURE = 0.8  # below this confidence a reading is called not sure and needs review


class Box(NamedTuple):
    """An upright rectangle in pixels: its upper left corner, its width and its height."""

    x: int
    y: int
    w: int
    h: int

    @classmethod
    def between(cls, left: int, top: int, right: int, bottom: int) -> Self:
        """The box with these edges."""
        return cls(left, top, right - left, bottom - top)

    @property
    def right(self) -> int:
        """The first column to its right."""
        return self.x + self.w

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.y + self.h

    @property
    def center_x(self) -> float:
        """Half way between its left and right edge."""
        return self.x + self.w / 2

    @property
    def slices(self) -> tuple[slice, slice]:
        """Its rows and columns: `pixels[box.slices]`, for a box within the picture."""
        return slice(self.y, self.bottom), slice(self.x, self.right)

    def overlap_x(self, other: "Box") -> int:
        """Columns that both share; negative: the gap between them."""
        return min(self.right, other.right) - max(self.x, other.x)

    def overlap_y(self, other: "Box") -> int:
        """Rows that both share; negative: the gap between them."""
        return min(self.bottom, other.bottom) - max(self.y, other.y)

    def overlap(self, other: "Box") -> int:
        """Pixels that both share."""
        return max(self.overlap_x(other), 0) * max(self.overlap_y(other), 0)

    def grow(self, margin: float, size: tuple[int, int] | None = None) -> "Box":
        """The box with a margin on all sides, cut off at the edges of a picture of that size (w, h) if given."""
        left, top = int(self.x - margin), int(self.y - margin)
        right, bottom = int(self.right + margin), int(self.bottom + margin)
        if size is not None:
            left, top, right, bottom = max(left, 0), max(top, 0), min(right, size[0]), min(bottom, size[1])
        return Box.between(left, top, right, bottom)


def union(boxes: Sequence[Box]) -> Box:
    """The smallest box around all of them."""
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    return Box.between(left, top, max(box.right for box in boxes), max(box.bottom for box in boxes))


@dataclass(frozen=True, slots=True)
class Digit:
    """One recognized figure: its value 0-9, its box, and the probability of each of the 10 classes."""

    value: int
    box: Box
    probabilities: tuple[float, ...]


def digits_of(written: str) -> str:
    """The digits alone of a number as it is written: "365" of "3.65"."""
    return "".join(filter(str.isdecimal, written))


class Place(NamedTuple):
    """Where in a picture a number stands: page, box, and by how many degrees the page is turned to the right for it."""

    page: int
    box: Box
    turned: int = 0

    def shares(self, other: "Place") -> float:
        """How much of the smaller box is in the other, from 0 to 1; 0 on different pages."""
        if self.page != other.page:
            return 0.0
        smaller = min(self.box.w * self.box.h, other.box.w * other.box.h)
        return self.box.overlap(other.box) / smaller if smaller else 0.0


@dataclass(frozen=True, slots=True)
class Number:
    """A run of digits written together, e.g. `4072`, with the probability that all of it is right as it is written.

    `written`: how it stands there, with minus, point or commas: "-12", "3.65", "23.418". `free`: how it reads when
    nothing is expected of it, None where that is the same. `turned`: by how many degrees the page was turned to the
    right to read it; boxes are on the page as it is.
    """

    written: str
    confidence: float
    page: int
    box: Box
    digits: tuple[Digit, ...]
    free: str | None = None
    turned: int = 0

    @property
    def text(self) -> str:
        """Its digits alone."""
        return digits_of(self.written)

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.page, self.box, self.turned)

    @property
    def prominence(self) -> int:
        """How much of the picture it fills: the sum of the squared heights of its digits."""
        return sum(digit.box.h**2 for digit in self.digits)


@dataclass(frozen=True)
class Reading:
    """Everything a model saw in one picture: its numbers in reading order, or the advice why there is none.

    `primary` is the index of the most prominent number, None when there is none. `free`: what `number` is when
    nothing is expected of it, None where that is the same.
    """

    numbers: tuple[Number, ...]
    primary: int | None
    advice: tuple[str, ...]
    model_version: str
    free: str | None = None

    @property
    def primary_number(self) -> Number | None:
        """The most prominent number, None when no number was found."""
        return None if self.primary is None else self.numbers[self.primary]

    @property
    def number(self) -> str:
        """The text of the primary number, empty when no number was found."""
        return self.primary_number.text if self.primary_number else ""

    @property
    def others(self) -> tuple[Number, ...]:
        """The numbers beside the primary one, in reading order."""
        return tuple(number for at, number in enumerate(self.numbers) if at != self.primary)

    @property
    def written(self) -> str:
        """The primary number as it is written, empty when no number was found."""
        return self.primary_number.written if self.primary_number else ""

    @property
    def confidence(self) -> float:
        """The confidence of the primary number, 0 when no number was found."""
        return self.primary_number.confidence if self.primary_number else 0.0

    @property
    def page(self) -> int:
        """The page with the primary number; the first when there is none."""
        return self.primary_number.page if self.primary_number else 0

    def to_dict(self) -> Json:
        """The JSON form, rounded to what is measured: 1e-6 for probabilities."""
        return {
            "number": self.number,
            "written": self.written,
            "confidence": round(self.confidence, 6),
            "free": self.free,
            "primary": self.primary,
            "numbers": [
                {
                    "text": number.text,
                    "written": number.written,
                    "confidence": round(number.confidence, 6),
                    "free": number.free,
                    "turned": number.turned,
                    "page": number.page,
                    "box": list(number.box),
                    "digits": [
                        {
                            "value": digit.value,
                            "box": list(digit.box),
                            "probabilities": [round(p, 6) for p in digit.probabilities],
                        }
                        for digit in number.digits
                    ],
                }
                for number in self.numbers
            ],
            "advice": list(self.advice),
            "model_version": self.model_version,
        }

    @cached_property
    def json(self) -> str:
        """The text of `to_dict` as stores keep it; a store and its spool share it."""
        return json.dumps(self.to_dict(), separators=(",", ":"))

    @classmethod
    def from_dict(cls, form: Json) -> Self:
        """The reading that `to_dict` wrote, or wrote when there was no `free`, `turned` or `written` yet."""
        numbers = tuple(
            Number(
                n.get("written", n["text"]),
                n["confidence"],
                n["page"],
                Box(*n["box"]),
                tuple(Digit(d["value"], Box(*d["box"]), tuple(d["probabilities"])) for d in n["digits"]),
                n.get("free"),
                n.get("turned", 0),
            )
            for n in form["numbers"]
        )
        return cls(numbers, form["primary"], tuple(form["advice"]), form["model_version"], form.get("free"))


def number_at(numbers: Sequence[Number], place: Place) -> Number | None:
    """The number that was read at a place: the one that overlaps it most, and by half of the smaller box at least."""
    there = [number for number in numbers if number.place.shares(place) >= SAME]
    return max(there, key=lambda number: number.box.overlap(place.box), default=None)


def next_best(number: Number) -> str | None:
    """The second most likely reading as it is written: the digit whose runner-up comes closest is replaced by it.

    None where every runner-up has less than a hundredth of the probability.
    """
    best_ratio, best = 0.01, None
    places = [at for at, character in enumerate(number.written) if character.isdecimal()]
    for at, digit in zip(places, number.digits, strict=False):
        first, second = sorted(range(10), key=lambda value: -digit.probabilities[value])[:2]
        ratio = digit.probabilities[second] / max(digit.probabilities[first], 1e-9)
        if ratio > best_ratio:
            best_ratio, best = ratio, f"{number.written[:at]}{second}{number.written[at + 1 :]}"
    return best


def merge_pages(pages: Sequence[Reading]) -> Reading:
    """The readings of single pages as one reading of all of them.

    The primary number is the most prominent one; if something is expected, of those that fit as they are. The advice is
    that of its page, or of the first page if there is no number.
    """
    if len(pages) == 1:
        return pages[0]
    numbers: list[Number] = []
    primaries: list[tuple[bool, int, int, Reading]] = []
    for at, page in enumerate(pages):
        if page.primary is not None and (number := page.primary_number):
            primaries.append((number.free is None, number.prominence, len(numbers) + page.primary, page))
        numbers += [replace(each, page=at) for each in page.numbers]
    if not primaries:
        return next((page for page in pages if page.free), pages[0])
    *_, primary, page = max(primaries, key=lambda one: one[:2])
    return Reading(tuple(numbers), primary, page.advice, page.model_version, page.free)
