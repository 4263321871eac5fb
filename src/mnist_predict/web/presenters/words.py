"""How readings are put to people; the pages and the text answers use the same words."""

import json
import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from mnist_predict.reading import UNSURE, Digit
from mnist_predict.store.opening import data_place

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


def kept_where(store: str, private: bool) -> Markup:
    """Where a store keeps its data, for who reads a page; its place is told on a `private` service only."""
    if private:
        return code(f"in `{data_place(store)}`")
    return code("in a file on the server" if store.startswith("sqlite:") else "in the Cassandra cluster of the service")


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun: 1 record, 1,070 records; `many`: its plural where that is not the word with an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def done(counts: Mapping[str, int]) -> str | None:
    """What was done, by its counts; None: nothing.

    `recorded` numbers, `labels` of pictures that were kept, labels that were `withdrawn`.
    """
    recorded, labels = counts.get("recorded", 0), counts.get("labels", 0)
    if withdrawn := counts.get("withdrawn", 0):
        return f"{plural(withdrawn, 'label')} taken back."
    if not recorded:
        return "Saved as a label of its picture." if labels == 1 else f"{labels:,} labels saved." if labels else None
    became = f", of which {labels:,} became {'a label' if labels == 1 else 'labels'} of a picture" if labels else ""
    return f"{plural(recorded, 'number')} recorded{became}."


def code(text: str) -> Markup:
    """A message as HTML, with what is in backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 (it was escaped)


def pretty(payload: dict[str, Any]) -> str:
    """JSON for people: indented, but with the numbers of a list on one line."""
    text = json.dumps(payload, ensure_ascii=False, indent=2)
    return re.sub(r"\[\n\s+([-\d.e,\s]+?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)
