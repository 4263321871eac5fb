"""The OpenAPI 3.1 description of the HTTP interface, made from the routes and the docstrings of their views.

The fields of a form and the shape of an answer stand at the view: see `operation`.
"""

import inspect
import re
from collections.abc import Sequence
from typing import Any, get_args

from flask import Flask

from mnist_predict.store.search import Labelled
from mnist_predict.web.http.routes import route_of
from mnist_predict.web.presenters.schemas import ID, SCHEMAS, TEXT, Schema, ref

TEXT_TYPE, HTML_TYPE = "text/plain", "text/html"

_ERRORS = {
    400: "A field is missing or wrong.",
    404: "Nothing is kept under that name or id.",
    409: "The version has not passed the gate: only force, with a reason, promotes it.",
    410: "It was erased for good, and is not kept again.",
    413: "Too many bytes or pixels.",
    415: "Not a picture.",
    422: "A damaged picture, or an Idempotency-Key that was used for another one.",
    429: "Rate limit exceeded; retry after Retry-After seconds.",
    503: "The store is away; retry after Retry-After seconds.",
}
_SEE_OTHER = {"description": "For browsers: the page to see next.", "headers": {"Location": {"schema": TEXT}}}


def operation(
    answer: Schema,
    *errors: int,
    form: Schema | None = None,
    parameters: Sequence[Schema] = (),
    see_other: bool = False,
    accepted: Schema | None = None,
) -> Schema:
    """An operation object: its answer of status 200 (see `content`), its errors, its form and its parameters.

    `see_other`: browsers get a redirect instead. `accepted`: the answer of status 202.
    """
    responses = {"200": answer} | ({"303": _SEE_OTHER} if see_other else {}) | ({"202": accepted} if accepted else {})
    for status in errors:
        responses[str(status)] = content(_ERRORS[status], ref("Error"), TEXT_TYPE, HTML_TYPE)
    body = {} if form is None else {"requestBody": form}
    return {"parameters": list(parameters), **body, "responses": responses}


def content(words: str, json: Schema | None, *other_types: str) -> Schema:
    """A response object: what it is, in words; the schema of its JSON, None where there is none; other media types."""
    types: Schema = {} if json is None else {"application/json": {"schema": json}}
    types |= {media_type: {"schema": {"type": "string"}} for media_type in other_types}
    return {"description": words, "content": types}


def form(*required: str, **fields: Schema) -> Schema:
    """A request body object: the fields of a form, and which of them are required."""
    schema = {"type": "object", "properties": fields, "required": list(required)}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def parameter(name: str, place: str, schema: Schema, words: str) -> Schema:
    """A parameter object; `place`: path, query or header."""
    return {"name": name, "in": place, "required": place == "path", "schema": schema, "description": words}


JPEG = content("A JPEG.", None, "image/jpeg")
PICTURE = content("The picture.", None, "image/*", "application/octet-stream", "application/pdf")
SEARCH = (
    parameter("number", "query", TEXT, "`365`: all with these digits; `3.65`: written so; `none`: without a number."),
    parameter("image_name", "query", TEXT, "The name exactly."),
    parameter("name", "query", TEXT, "A part of the name. Looks at the newest 1,000 records, then goes on from there."),
    parameter("since", "query", TEXT, "From a day (2026-03-01) or a time (2026-03-01T09:30:00Z) on."),
    parameter("until", "query", TEXT, "Up to a day, inclusive, or a time, exclusive."),
    parameter("zone", "query", TEXT, "The time zone of days, such as Europe/Berlin; UTC by default."),
    parameter("confidence", "query", TEXT, "A range, from its first value to below its second: 0.8..0.95"),
    parameter("model_version", "query", TEXT, "The model version that read it."),
    parameter("labelled", "query", {"enum": list(get_args(Labelled))}, "What people said of an upload."),
)

_IN_PATH = {
    "record_id": parameter("record_id", "path", ID, "The id of a record."),
    "image_name": parameter("image_name", "path", TEXT | {"minLength": 1}, "The name of an image, percent-encoded."),
    "version": parameter("version", "path", TEXT, "A version's name, or champion, candidate, previous or shipped."),
    "at": parameter("at", "path", {"type": "integer", "minimum": 0}, "Which digit of the number, from 0."),
    "index": parameter("index", "path", {"type": "integer", "minimum": 0}, "Which of the record's numbers, from 0."),
    "size": parameter("size", "path", {"enum": ["small", "large"]}, "At most 240 or 1600 pixels wide and high."),
}


def describe(app: Flask, server: str, version: str) -> dict[str, Any]:
    """The description of all routes of `app` that have an operation, served under the address `server`."""
    paths: dict[str, Schema] = {}
    for rule in app.url_map.iter_rules():
        about = route_of(app, rule.endpoint).operation
        if about is None or rule.rule.endswith("/"):  # the same without the slash is described
            continue
        path = re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule.rule).replace("{name}", "{image_name}")
        in_path = [_IN_PATH[name] for name in re.findall(r"{(\w+)}", path)]
        summary, _, more = (inspect.getdoc(app.view_functions[rule.endpoint]) or "").partition("\n\n")
        named = {"operationId": rule.endpoint, "summary": _line(summary), "description": _line(more)}
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            described = named | about | {"parameters": in_path + about["parameters"]}
            paths.setdefault(path, {})[method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mnist_predict",
            "version": version,
            "description": "Reads handwritten numbers from pictures and keeps both.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": SCHEMAS, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{}, {"token": []}],
    }


def _line(text: str) -> str:
    return " ".join(text.split())
