"""The search of a request: its query parameters, which the page, programs and exports share."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from typing import Any, get_args
from zoneinfo import ZoneInfo

from flask import request

from mnist_predict.errors import BadRequest
from mnist_predict.reading import digits_of
from mnist_predict.store.search import Labelled, Search
from mnist_predict.written import as_written

WORDS = ("number", "image_name", "name", "since", "until", "zone", "confidence", "model_version", "labelled")
NO_NUMBER = "none"
CONFIDENCES = {
    "0.95..1": "Sure, 95 % or more",
    "0.8..0.95": "Fairly sure, 80 to 95 %",
    "0..0.8": "Not sure, below 80 %",
}


def words() -> dict[str, Any]:
    """The filters of the request that are not empty, as they were written."""
    given = {word: request.args.get(word, "").strip() for word in WORDS}
    given = {word: text for word, text in given.items() if text}
    if not given.keys() & {"since", "until"}:
        given.pop("zone", None)
    return given


def searched(*others: str) -> Search:
    """The search of the request; raises `BadRequest` for a filter that is malformed or unknown.

    `others`: query parameters beside the filters.
    """
    for name in request.args:
        if name not in (*WORDS, *others):
            raise BadRequest(_unknown(name))
    given = words()
    zone = _zone(given.get("zone", "UTC"))
    least, most = _confidence(given["confidence"]) if "confidence" in given else (None, None)
    since = _moment(given["since"], zone, timedelta(0)) if "since" in given else None
    until = _moment(given["until"], zone, timedelta(days=1)) if "until" in given else None
    if since and until and since >= until:
        raise BadRequest(f"Nothing lies between {given['since']} and {given['until']}: the second comes first.")
    return Search(
        **_number(given["number"]) if "number" in given else {},
        image_name=given.get("image_name"),
        name_part=given.get("name"),
        since=since,
        until=until,
        least=least,
        most=most,
        model_version=given.get("model_version"),
        labelled=_labelled(given["labelled"]) if "labelled" in given else None,
    )


def _unknown(name: str) -> str:
    close = get_close_matches(name, WORDS, 1)
    meant = f"Did you mean `{close[0]}`?" if close else f"The filters are {', '.join(WORDS)}."
    return f"There is no filter `{name[:40]}`. {meant}"


def _number(text: str) -> dict[str, str]:
    """The number to search for: digits alone find all that have these digits, "3.65" what is written so."""
    if text.strip().lower() == NO_NUMBER:
        return {"number": ""}
    written = as_written(text)
    return {"number" if written == digits_of(written) else "written": written}


def _labelled(text: str) -> Labelled:
    known: tuple[Labelled, ...] = get_args(Labelled)
    if text not in known:
        raise BadRequest(f"`labelled` must be one of {', '.join(known)}, not {text!r}.")
    return known[known.index(text)]


def _confidence(text: str) -> tuple[float, float | None]:
    """The lower bound, inclusive, and the upper bound, exclusive; None in place of 1."""
    least, dots, most = text.partition("..")
    try:
        low, high = float(least), float(most)
    except ValueError:
        low, high = 1.0, 0.0
    if not dots or not 0 <= low < high <= 1:
        raise BadRequest(f"Write a range of confidence from 0 to 1 as 0.8..0.95, not as {text!r}.")
    return low, high if high < 1 else None


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise BadRequest(f"Unknown time zone {name!r}. Write it as Europe/Berlin, or leave it out.") from None


def _moment(text: str, zone: tzinfo, after_day: timedelta) -> datetime:
    """A day, in that zone, or a time; `after_day` is added to a day only."""
    try:
        try:
            at = datetime.combine(date.fromisoformat(text) + after_day, time(), zone)
        except ValueError:
            at = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)  # a plus came as a space
            at = at if at.tzinfo else at.replace(tzinfo=zone)
        return max(at.astimezone(UTC), datetime(1970, 1, 1, tzinfo=UTC))
    except (ValueError, OverflowError):
        raise BadRequest(f"Write a day as 2026-03-01 and a time as 2026-03-01T09:30:00Z, not as {text!r}.") from None
