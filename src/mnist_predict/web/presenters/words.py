"""How readings are put to people; the pages and the text answers use the same words."""

import json
import re
from typing import Any

from mnist_predict.reading import UNSURE, Digit

Certainty = tuple[str, str]


def percent(probability: float) -> str:
    """A probability as percent, never a hundred: `97.1 %`, `above 99.9 %`."""
    if probability > 0.999:
        return "above 99.9 %"
    return "below 0.1 %" if probability < 0.001 else f"{100 * probability:.1f} %"


def of_a_hundred(confidence: float) -> str:
    """What a calibrated confidence promises: how many of a hundred readings like this are right."""
    if confidence >= 0.995:
        return "more than 99"
    return "fewer than 1" if confidence < 0.005 else f"about {round(100 * confidence)}"


def certainty(confidence: float) -> Certainty:
    """The name of a confidence in the style sheet, and in words."""
    if confidence >= 0.95:
        return "sure", "Sure"
    return ("likely", "Fairly sure") if confidence >= UNSURE else ("unsure", "Not sure")


def runner_up(digit: Digit) -> tuple[int, float]:
    """The value that a digit would have had next, and its probability."""
    others = [value for value in range(10) if value != digit.value]
    best = max(others, key=lambda value: digit.probabilities[value])
    return best, digit.probabilities[best]


def pretty(payload: dict[str, Any]) -> str:
    """JSON for people: indented, but with the numbers of a list on one line."""
    text = json.dumps(payload, ensure_ascii=False, indent=2)
    return re.sub(r"\[\n\s+([-\d.e,\s]+?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)
