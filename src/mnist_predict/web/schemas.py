"""The JSON forms of answers, as JSON Schema (2020-12, the dialect of OpenAPI 3.1)."""

from typing import Any

Schema = dict[str, Any]


def _object(properties: Schema, title: str, optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "title": title, "required": required, "properties": properties}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


SHARE = {"type": "number", "minimum": 0, "maximum": 1}
TEXT = {"type": "string"}
MAYBE = {"type": ["string", "null"]}
NUMBER = {"type": "string", "pattern": "^[0-9]*$", "description": "Digits; empty where no number was found."}
BOX = _list({"type": "integer"}, minItems=4, maxItems=4, description="x, y, width, height in pixels, upright.")
ID = {"type": "string", "format": "uuid", "description": "Ordered by time (UUIDv7)."}

_DIGIT = {
    "value": {"type": "integer", "minimum": 0, "maximum": 9},
    "box": BOX,
    "probabilities": _list(SHARE, minItems=10, maxItems=10, description="Of each of 0 to 9."),
}
_NUMBER = {
    "text": NUMBER,
    "confidence": SHARE,
    "free": MAYBE | {"description": "How it reads when nothing is expected of it, null where that is the same."},
    "page": {"type": "integer", "minimum": 0},
    "box": BOX,
    "digits": _list(_ref("Digit")),
}
_READING = {
    "number": NUMBER,
    "confidence": SHARE | {"description": "Of a hundred readings with 0.97, about 97 are right."},
    "free": MAYBE,
    "primary": {"type": ["integer", "null"], "description": "Index of the most prominent number."},
    "numbers": _list(_ref("Number")),
    "advice": _list(TEXT, description="What would make the next picture easier to read."),
    "model_version": TEXT,
}
_RECORD = _READING | {
    "id": ID,
    "record_time": {"type": "string", "format": "date-time"},
    "image_name": TEXT,
    "sha256": MAYBE | {"description": "Of the picture, hex; null: there is none."},
    "source": {"enum": ["upload", "hand"]},
    "label_of": MAYBE | {"description": "The id of the record whose label this one is."},
    "by": MAYBE | {"description": "Who sent it: the name of their token; null: none was asked for."},
}
_KEPT = _RECORD | {
    "stored": {"enum": ["store", "spool"], "description": "spool: safe here until the store is back."},
    "warning": TEXT,
}
_REFUSED = {"image_name": TEXT, "error": TEXT, "status": {"type": "integer"}}

SCHEMAS: Schema = {
    "Digit": _object(_DIGIT, "One recognized figure"),
    "Number": _object(_NUMBER, "A run of digits written together"),
    "Reading": _object(_READING, "Everything that was seen in a picture"),
    "Record": _object(_RECORD, "One stored event"),
    "Labelled": _object(_RECORD | {"labels": _list(_ref("Record"))}, "A record with its labels, newest first"),
    "Kept": _object(_KEPT, "A record that was just kept", optional=("warning",)),
    "Refused": _object(_REFUSED, "A picture of several that was not kept"),
    "Page": _object(
        {"records": _list(_ref("Record")), "older": MAYBE | {"description": "The address of the next page."}},
        "Records, newest first",
    ),
    "Error": _object({"error": TEXT, "status": {"type": "integer"}}, "What went wrong, in words"),
}
