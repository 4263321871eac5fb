"""How sure a number is: the probability that all of it is right as it is written, its marks included."""

import math

import numpy as np
import numpy.typing as npt

from mnist_predict.vision.read.ensemble import LineReading

MISTAKEN = 1e-3  # share of pictures for which what is expected is wrong
LONG = 1.0  # what the log of a number's length adds to the log-odds of its confidence; fitted to held-out strips


def structure(reading: LineReading) -> float:
    """The probability that where symbols stand and how many there are is right, apart from which they are."""
    rows = reading.probabilities
    own = rows[np.arange(len(rows)), reading.labels]
    return min(1.0, _of_line(reading) / max(float(own.prod()), 1e-12))


def of_number(reading: LineReading, own: npt.NDArray[np.float64], start: int, end: int) -> float:
    """The probability of the number that stands at `start:end` of a line whose symbols are right with the
    probabilities `own` (n,). The marks and walls that part it from its neighbours must be right, too."""
    sure = structure(reading) * float(own[max(start - 1, 0) : end + 1].prod())
    if reading.log_fit is None:
        walls = reading.walls[start : end + 1]
        sure *= float(np.maximum(walls, 1 - walls).prod())
    return min(1.0, sure) if reading.log_fit is not None else _calibrated(min(1.0, sure), end - start)


def _of_line(reading: LineReading) -> float:
    """The probability of a text; of one that is expected, given that it is one of those or, seldom, something else.

    Where what is written speaks strongly against all that is expected, little is left for the best of it.
    """
    text = math.exp(min(reading.log_probability, 0.0))
    if reading.log_fit is None:
        return text
    fits = math.exp(min(reading.log_fit, 0.0))
    return min(1.0, text / (fits + MISTAKEN * (1.0 - fits)))


def _calibrated(confidence: float, length: int) -> float:
    """A number's confidence as it turns out (logistic calibration; J. Platt 1999): where several crops are averaged, a
    mistake in one symbol of one crop counts against the whole, so that long numbers are right more often than said."""
    if not 0.0 < confidence < 1.0:
        return confidence
    odds = math.log(confidence / (1.0 - confidence)) + LONG * math.log(length)
    return 1.0 / (1.0 + math.exp(-odds))
