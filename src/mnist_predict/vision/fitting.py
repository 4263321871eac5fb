"""What is expected, applied to a reading: the likeliest numbers that fit, with the free reading beside them."""

import math
from collections.abc import Sequence
from dataclasses import replace

from mnist_predict.reading import Number, Reading
from mnist_predict.vision.expect import Expectation
from mnist_predict.vision.number import Seen

MISTAKEN = 1e-3  # share of pictures for which what is expected is wrong


def confidence(seen: Seen) -> float:
    """The probability of a text, given that it is one of those expected or, seldom, that something else stands there.

    Where what is written speaks strongly against all that is expected, little is left for the best of it.
    """
    fits = math.exp(min(seen.log_fit, 0.0))
    return min(1.0, math.exp(min(seen.log_probability, 0.0)) / (fits + MISTAKEN * (1.0 - fits)))


def as_expected(free: Reading, fitted: Sequence[Number | None], expected: Expectation) -> Reading:
    """The reading with each of its numbers replaced by the one that fits; None: nothing fits, it is left out.

    The primary number is the most prominent one that fits as it is, else the most prominent one.
    """
    kept = [
        replace(number, free=before.text)
        if before.text != number.text
        else max(number, before, key=lambda one: one.confidence)
        for before, number in zip(free.numbers, fitted, strict=True)
        if number is not None
    ]
    if not kept:
        advice = f"Nothing here reads as what is expected ({_short(expected)}). Read freely it is {free.number}."
        return Reading((), None, (advice,), free.model_version, free.number)
    primary = max(range(len(kept)), key=lambda i: (kept[i].free is None, kept[i].prominence))
    before = free.number if free.number != kept[primary].text else None
    advice = f"Read freely, not as {_short(expected)}, this is {before}."
    return Reading(tuple(kept), primary, (advice,) if before else (), free.model_version, before)


def _short(expected: Expectation) -> str:
    return expected.text if len(expected.text) <= 60 else f"{expected.text[:57]}..."
