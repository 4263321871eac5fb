"""The three forms of an answer: text for curl, JSON for programs, HTML for browsers."""

import json
import re
from functools import lru_cache
from typing import Any, Literal

from flask import Response, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

Form = Literal["html", "json", "text"]

_FORMS: dict[str, Form] = {"text/html": "html", "application/json": "json", "text/plain": "text"}


@lru_cache(maxsize=256)
def form_of(accept: str) -> Form:
    """The form that an `Accept` header names first by quality; text where it names none (`*/*`, curl)."""
    named: list[tuple[float, Form]] = [
        (quality, _FORMS[kind]) for kind, quality in _kinds(accept) if kind in _FORMS and quality > 0
    ]
    order: tuple[Form, ...] = ("text", "json", "html")
    return max(named, key=lambda each: (each[0], order.index(each[1])), default=(1.0, "text"))[1]


def _kinds(accept: str) -> list[tuple[str, float]]:
    parsed = parse_accept_header(accept, MIMEAccept)
    return [(kind.partition(";")[0].strip().lower(), quality) for kind, quality in parsed]


def wanted() -> Form:
    """The form that the client of this request wants."""
    return form_of(request.headers.get("Accept", ""))


def as_text(lines: list[str], status: int = 200) -> Response:
    """An answer in plain text, one line each: what is kept from users stays on its line."""
    body = "".join(" ".join(line.splitlines()) + "\n" for line in lines)
    return Response(body, status, content_type="text/plain; charset=utf-8")


def as_json(form: dict[str, Any] | list[dict[str, Any]], status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(json.dumps(form, ensure_ascii=False) + "\n", status, content_type="application/json")


def pretty(form: dict[str, Any]) -> str:
    """JSON for people: indented, but with the numbers of a list on one line."""
    text = json.dumps(form, ensure_ascii=False, indent=2)
    return re.sub(r"\[\n\s+([-\d.e,\s]+?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)
