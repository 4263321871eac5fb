"""The OpenAPI 3.1 description of the HTTP interface, made from the routes and the words above their functions.

What the code cannot say of itself (the fields of a form, the shape of an answer) stands here, by the name of the
endpoint; a test finds a route that is missing here, and schemathesis finds an answer that is not as described.
"""

import inspect
import re
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from mnist_predict.web.presenters.schemas import ID, NUMBER, SCHEMAS, TEXT, Schema

PAGES = {
    "uploads.home",
    "uploads.page",
    "hand.page",
    "api.page",
    "erasing.page",
    "erasing.erase",
    "review.grid",
    "access.page",
    "access.sign_in",
    "access.sign_out",
    "static",
}  # for people: not described
_FILE = {"type": "string", "format": "binary", "description": "The bytes of a picture, or of a zip of pictures."}
_PICTURE = {"type": "string", "format": "binary", "description": "The bytes of a picture."}
_EXPECT = TEXT | {"description": "What is expected of the number, such as `4 digits` or `0..100`.", "examples": [""]}
_LINES = TEXT | {"description": "An image name and a number on each line, as CSV."}
_COUNT = {"type": "integer", "minimum": 1, "maximum": 40, "description": "How many; 1 where it is missing."}
_REVIEWER = {"type": "string", "maxLength": 64, "description": "Who reviews: any word; made up where it is missing."}
_IDS = {"type": "array", "items": ID, "maxItems": 40, "description": "Ids of records."}
_DIGIT = {"type": "string", "pattern": "^[0-9]$", "description": "Only readings of this one digit."}
_JSON, _TEXT, _HTML = "application/json", "text/plain", "text/html"


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _form(required: tuple[str, ...] = (), **fields: Schema) -> Schema:
    form = {"type": "object", "properties": fields, "required": list(required)}
    return {"required": True, "content": {"multipart/form-data": {"schema": form}}}


def _answer(words: str, json: Schema | None, *others: str) -> Schema:
    content: Schema = {kind: {"schema": {"type": "string"}} for kind in others}
    if json is not None:
        content = {_JSON: {"schema": json}} | content
    return {"description": words, "content": content}


def _query(name: str, where: str, schema: Schema, words: str) -> Schema:
    return {"name": name, "in": where, "required": where == "path", "schema": schema, "description": words}


_SEE = {"description": "For browsers: see the page of what was kept.", "headers": {"Location": {"schema": TEXT}}}
_KEY = _query("Idempotency-Key", "header", {"type": "string", "maxLength": 255}, "A retry under it is the same record.")
_SEARCH = [
    _query("number", "query", TEXT, "The number exactly, or `none` for pictures in which there was none."),
    _query("image_name", "query", TEXT, "The name exactly."),
    _query("since", "query", TEXT, "A day (2026-03-01) or a time (2026-03-01T09:30:00Z), and what is later."),
    _query("until", "query", TEXT, "A day, which still counts, or a time, which does not."),
    _query("zone", "query", TEXT, "The time zone of days, such as Europe/Berlin; UTC where it is left out."),
    _query("confidence", "query", TEXT, "From the first to below the second: 0.8..0.95"),
    _query("model_version", "query", TEXT, "The model version that read it."),
    _query("labelled", "query", {"enum": ["no", "confirmed", "corrected"]}, "What people say of an upload."),
]
_ONE_OR_MANY = {"oneOf": [_ref("Kept"), {"type": "array", "items": {"anyOf": [_ref("Kept"), _ref("Refused")]}}]}
_SEEN = _answer("The picture.", None, "image/*", "application/octet-stream", "application/pdf")
_PARAMETERS = {
    "record_id": _query("record_id", "path", ID, "The id of a record."),
    "image_name": _query("image_name", "path", TEXT | {"minLength": 1}, "The name of an image, percent-encoded."),
    "at": _query("at", "path", {"type": "integer", "minimum": 0}, "Which digit of the number, from 0."),
    "index": _query("index", "path", {"type": "integer", "minimum": 0}, "Which of the record's numbers, from 0."),
    "size": _query("size", "path", {"enum": ["small", "large"]}, "At most 240 or 1600 pixels wide and high."),
}

# endpoint -> what an operation has beyond its route and its words
_OPERATIONS: dict[str, Schema] = {
    "uploads.upload": {
        "parameters": [_KEY],
        "requestBody": _form(("file",), file={"type": "array", "items": _FILE, "minItems": 1}, expect=_EXPECT),
        "answers": {"200": _answer("What was read and kept.", _ONE_OR_MANY, _TEXT, _HTML), "303": _SEE},
        "errors": (400, 410, 413, 415, 422, 429, 503),
    },
    "uploads.read": {
        "requestBody": _form(("file",), file=_PICTURE, expect=_EXPECT),
        "answers": {"200": _answer("What was read.", _ref("Reading"), _HTML)},
        "errors": (400, 413, 415, 422, 429),
    },
    "uploads.picture": {"answers": {"200": _SEEN}, "errors": (404, 503)},
    "hand.record": {
        "requestBody": _form(number=NUMBER, image_name=TEXT, record=ID, file=_PICTURE, lines=_LINES),
        "answers": {"200": _answer("What was kept.", _ONE_OR_MANY, _TEXT, _HTML), "303": _SEE},
        "errors": (400, 404, 410, 413, 415, 422, 429, 503),
    },
    "records.newest": {
        "parameters": [
            *_SEARCH,
            _query("before", "query", ID, "Only older ones than this: the last id of the page before."),
        ],
        "answers": {"200": _answer("A page of records.", _ref("Page"), _HTML)},
        "errors": (400, 503),
    },
    "exports.as_csv": {
        "parameters": _SEARCH,
        "answers": {
            "200": _answer(
                "A line of titles, and one a record; should the store fail meanwhile, the last says so.",
                None,
                "text/csv",
            )
        },
        "errors": (400, 503),
    },
    "exports.as_json_lines": {
        "parameters": _SEARCH,
        "answers": {
            "200": _answer(
                "A record on each line; should the store fail meanwhile, the last has `error`.",
                None,
                "application/jsonl",
            )
        },
        "errors": (400, 503),
    },
    "records.show": {
        "answers": {"200": _answer("The record.", _ref("Labelled"), _HTML)},
        "errors": (404, 410, 503),
    },
    "erasing.delete": {
        "answers": {"200": _answer("What was erased.", _ref("Erasure"), _TEXT, _HTML)},
        "errors": (404, 410, 503),
    },
    "records.picture": {"answers": {"200": _SEEN}, "errors": (404, 410, 503)},
    "records.smaller": {"answers": {"200": _answer("A JPEG.", None, "image/jpeg")}, "errors": (404, 410, 503)},
    "review.page": {
        "parameters": [_query("record", "query", ID, "A record to show, one of forty at most.")],
        "answers": {"200": _answer("What waits for a person.", _ref("Waiting"), _HTML)},
        "errors": (400, 404, 410, 503),
    },
    "review.give": {
        "requestBody": _form(count=_COUNT, reviewer=_REVIEWER, keep=_IDS, digit=_DIGIT),
        "answers": {"200": _answer("What was given.", _ref("Given")), "303": _SEE},
        "errors": (400, 503),
    },
    "review.answer": {
        "requestBody": _form(("record", "number"), record=ID, number=NUMBER, reviewer=_REVIEWER, keep=_IDS),
        "answers": {"200": _answer("The label that was kept.", _ref("Kept")), "303": _SEE},
        "errors": (400, 404, 410, 503),
    },
    "review.skip": {
        "requestBody": _form(("record",), record=ID, reviewer=_REVIEWER, keep=_IDS),
        "answers": {"200": _answer("What was put aside.", _ref("Skipped")), "303": _SEE},
        "errors": (400, 404, 410, 503),
    },
    "review.answer_grid": {
        "requestBody": _form(("digit", "record"), digit=_DIGIT, record=_IDS, wrong=_IDS, reviewer=_REVIEWER),
        "answers": {
            "200": _answer("The labels that were kept.", {"type": "array", "items": _ref("Kept")}),
            "303": _SEE,
        },
        "errors": (400, 404, 410, 503),
    },
    "review.crop": {"answers": {"200": _answer("A JPEG.", None, "image/jpeg")}, "errors": (404, 410, 503)},
    "stats.page": {
        "parameters": [
            _query("days", "query", {"enum": ["90", "30", "365"]}, "The last so many days, today with them.")
        ],
        "answers": {"200": _answer("The statistics.", _ref("Statistics"), _HTML)},
        "errors": (400, 503),
    },
    "stats.digit": {"answers": {"200": _answer("A JPEG.", None, "image/jpeg")}, "errors": (404, 410, 503)},
    "strip.show": {"answers": {"200": _answer("A PNG.", None, "image/png")}, "errors": (404, 410, 503)},
    "health.alive": {"answers": {"200": _answer("The process answers.", None, _TEXT)}},
    "health.ready": {"answers": {"200": _answer("An upload would be kept.", None, _TEXT)}, "errors": (503,)},
    "health.metrics": {"answers": {"200": _answer("Figures in the text format of Prometheus.", None, _TEXT)}},
    "api.description": {"answers": {"200": _answer("This description.", {"type": "object"})}},
}


def describe(app: Flask, server: str, version: str) -> dict[str, Any]:
    """The description of all routes of `app`, served under the address `server`."""
    paths: dict[str, Schema] = {}
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in PAGES:
            path = re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule.rule).replace("{name}", "{image_name}")
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                paths.setdefault(path, {})[method.lower()] = _operation(app, rule, path)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mnist_predict",
            "version": version,
            "description": "A picture of a handwritten number goes in, the number comes out, and both are kept.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "paths": dict(sorted(paths.items(), key=lambda each: _place(each[1]))),
        "components": {"schemas": SCHEMAS, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{}, {"token": []}],
    }


def _place(path: Schema) -> int:
    return min(list(_OPERATIONS).index(operation["operationId"]) for operation in path.values())


def _operation(app: Flask, rule: Rule, path: str) -> Schema:
    about = dict(_OPERATIONS[rule.endpoint])
    answers: Schema = dict(about.pop("answers"))
    for status in about.pop("errors", ()):
        answers[str(status)] = _answer(_ERRORS[status], _ref("Error"), _TEXT, _HTML)
    summary, _, more = (inspect.getdoc(app.view_functions[rule.endpoint]) or "").partition("\n\n")
    named = [_PARAMETERS[name] for name in re.findall(r"{(\w+)}", path)]
    return {
        "operationId": rule.endpoint,
        "summary": " ".join(summary.split()),
        "description": " ".join(more.split()),
        "parameters": named + about.pop("parameters", []),
        **about,
        "responses": answers,
    }


_ERRORS = {
    400: "The request lacks something or has it wrong.",
    404: "Nothing is kept under that name or id.",
    410: "It was erased for good, and is not kept again.",
    413: "Too many bytes or pixels.",
    415: "Not a picture.",
    422: "A damaged picture, or an Idempotency-Key that came with another one.",
    429: "More than one client may send; ask again after Retry-After seconds.",
    503: "The store is away; ask again after Retry-After seconds.",
}
