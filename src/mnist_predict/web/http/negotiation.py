"""The three formats of an answer: text for curl, JSON for programs, HTML for browsers."""

import json as jsonlib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from flask import Response, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response as AnyResponse

Format = Literal["html", "json", "text"]
Payload = Mapping[str, Any] | Sequence[Mapping[str, Any]]

_FORMATS: dict[str, Format] = {"text/html": "html", "application/json": "json", "text/plain": "text"}
_PREFERENCE: tuple[Format, ...] = ("text", "json", "html")  # among formats of the same quality, the last


@lru_cache(maxsize=256)
def format_of(accept: str) -> Format:
    """The format that an `Accept` header ranks highest; text where it names none of the three (`*/*`, curl)."""
    named: list[tuple[float, Format]] = [
        (quality, _FORMATS[kind]) for kind, quality in _media_types(accept) if kind in _FORMATS and quality > 0
    ]
    return max(named, key=lambda found: (found[0], _PREFERENCE.index(found[1])), default=(1.0, "text"))[1]


def _media_types(accept: str) -> list[tuple[str, float]]:
    parsed = parse_accept_header(accept, MIMEAccept)
    return [(kind.partition(";")[0].strip().lower(), quality) for kind, quality in parsed]


def wanted() -> Format:
    """The format that the client of this request wants."""
    return format_of(request.headers.get("Accept", ""))


def answer(
    *,
    html: Callable[[], str | AnyResponse],
    json: Callable[[], Payload],
    text: Callable[[], Sequence[str]] | Literal["html", "json"],
    status: int = 200,
) -> AnyResponse:
    """The answer in the format that the client wants; the other formats are not made.

    `html` makes a page, or a response such as a redirect; `text` makes lines, or names the format that is sent instead.
    """
    chosen = wanted()
    if chosen == "text" and isinstance(text, str):
        chosen = text
    response: AnyResponse
    if chosen == "html":
        page = html()
        response = Response(page, status) if isinstance(page, str) else page
    elif chosen == "json" or isinstance(text, str):
        response = as_json(json(), status)
    else:
        response = as_text(text(), status)
    response.vary.add("Accept")
    return response


def as_text(lines: Sequence[str], status: int = 200) -> Response:
    """Plain text. An item stays on its line, whatever line breaks users put into it."""
    body = "".join(" ".join(line.splitlines()) + "\n" for line in lines)
    return Response(body, status, content_type="text/plain; charset=utf-8")


def as_json(payload: Payload, status: int = 200) -> Response:
    """JSON, ended by a line break."""
    return Response(jsonlib.dumps(payload, ensure_ascii=False) + "\n", status, content_type="application/json")
