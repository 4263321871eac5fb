"""What is expected, applied to a reading: the likeliest numbers that fit, with the free reading beside them."""

from collections.abc import Sequence
from dataclasses import replace

from mnist_predict.reading import Number, Reading
from mnist_predict.vision.read.expect import Expectation


def as_expected(
    free: Reading, fitted: Sequence[tuple[Sequence[Number], Number | None]], expected: Expectation
) -> Reading:
    """The numbers that fit, with the reading that expects nothing beside them. `fitted`: place by place the numbers
    read freely and the one that fits, None where nothing does: it is left out.

    The primary number is the most prominent one that fits as it is, else the most prominent one.
    """
    kept = [_beside(before, number) for before, number in fitted if number is not None]
    if not kept:
        advice = f"Nothing here reads as what is expected ({_short(expected)}). Read freely it is {free.number}."
        return Reading((), None, (advice,), free.model_version, free.number)
    primary = max(range(len(kept)), key=lambda i: (kept[i].free is None, kept[i].prominence))
    before = free.number if free.number != kept[primary].text else None
    advice = f"Read freely, not as {_short(expected)}, this is {before}."
    return Reading(tuple(kept), primary, (advice,) if before else (), free.model_version, before)


def _beside(before: Sequence[Number], number: Number) -> Number:
    """A number with what stands there when nothing is expected, unless that is the same."""
    free = " ".join(one.written for one in before)
    if len(before) > 1 or number.written != free:
        return replace(number, free=free)
    return max(number, before[0], key=lambda one: one.confidence)


def _short(expected: Expectation) -> str:
    return expected.text if len(expected.text) <= 60 else f"{expected.text[:57]}..."
