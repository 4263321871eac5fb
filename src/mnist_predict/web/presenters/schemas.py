"""The JSON forms of answers, as JSON Schema (2020-12, the dialect of OpenAPI 3.1)."""

from typing import Any

from mnist_predict.typed import MOST_DIGITS
from mnist_predict.written import PATTERN

Schema = dict[str, Any]


def _object(properties: Schema, title: str, optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "title": title, "required": required, "properties": properties}


def ref(name: str) -> Schema:
    """A reference to one of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


SHARE = {"type": "number", "minimum": 0, "maximum": 1}
TEXT = {"type": "string"}
MAYBE = {"type": ["string", "null"]}
NUMBER = {"type": "string", "pattern": "^[0-9]*$", "description": "Digits alone; empty: there is no number."}
WRITTEN = {
    "type": "string",
    "description": "The number as it is written, with a minus, a point or commas: -12, 3.65; empty: there is none.",
}
TYPED = {
    "type": "string",
    "pattern": f"^({PATTERN})?$",
    "description": f"A number of up to {MOST_DIGITS} digits, as in 4072, 3.65, 1,250.00 or -12.",
}
BOX = _list({"type": "integer"}, minItems=4, maxItems=4, description="x, y, width, height in pixels, upright.")
ID = {"type": "string", "format": "uuid", "description": "Ordered by time (UUIDv7)."}

PICTURE_FILE = {"type": "string", "format": "binary", "description": "The bytes of a picture."}
ONE_OR_MANY = {"oneOf": [ref("Kept"), _list({"anyOf": [ref("Kept"), ref("Refused")]})]}

_DIGIT = {
    "value": {"type": "integer", "minimum": 0, "maximum": 9},
    "box": BOX,
    "probabilities": _list(SHARE, minItems=10, maxItems=10, description="Of each of 0 to 9."),
}
_NUMBER = {
    "text": NUMBER,
    "written": WRITTEN,
    "confidence": SHARE,
    "free": MAYBE | {"description": "How it reads when nothing is expected of it, null where that is the same."},
    "turned": {"enum": [0, 90, 180, 270], "description": "Degrees that its page was turned to the right to read it."},
    "page": {"type": "integer", "minimum": 0},
    "box": BOX,
    "digits": _list(ref("Digit")),
}
_READING = {
    "number": NUMBER,
    "written": WRITTEN,
    "confidence": SHARE | {"description": "Of a hundred readings with 0.97, about 97 are right."},
    "free": MAYBE,
    "primary": {"type": ["integer", "null"], "description": "Index of the most prominent number."},
    "numbers": _list(ref("Number")),
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
    "of_number": {
        "type": ["integer", "null"],
        "description": "Of a label: the index of its number; null: the primary.",
    },
    "withdraws": MAYBE | {"description": "The id of the label that this one takes back."},
}
_LABEL = {
    "label": MAYBE | {"description": "What its newest label says, as it is written; null: it has none."},
    "labelled_by": MAYBE,
    "labelled_at": MAYBE | {"format": "date-time"},
}
_LABELS_OF = {
    "labels": _list(ref("Record"), description="Those of its primary number that count, newest first."),
    "label_history": _list(ref("Record"), description="All, with those of its other numbers and those withdrawn."),
}
_KEPT = _RECORD | {
    "stored": {"enum": ["store", "spool"], "description": "spool: safe here until the store is back."},
    "warning": TEXT,
}
_REFUSED = {"image_name": TEXT, "error": TEXT, "status": {"type": "integer"}}
_UNDER_REVIEW = _RECORD | {
    "reasons": _list({"enum": ["no number", "unsure", "disagreement", "sample"]}, description="Why it needs a person."),
    "crop": TEXT | {"description": "The address of the number, cut out of its picture."},
    "said": MAYBE | {"description": "What its newest label says, as it is written; null: it has none."},
}
_WAITING = {
    "waiting": {"type": "integer", "description": "How many readings wait for a person."},
    "more": {"type": "boolean", "description": "There may be more, which were not counted."},
    "readings": _list(ref("UnderReview")),
}
_GIVEN = {
    "reviewer": TEXT | {"description": "Who was given them; to be sent with what follows."},
    "readings": _list(ref("UnderReview")),
    "older": MAYBE | {"description": "The id below which was not looked; null: all was."},
}

_COUNT = {"type": "integer", "minimum": 0}
_MAYBE_SHARE = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_MAYBE_MEAN = {"type": ["number", "null"], "minimum": 0}
_DAY = {"type": "string", "format": "date"}
_SAMPLE = {
    "readings": _COUNT | {"description": "Drawn at random: one reading in fifty."},
    "labelled": _COUNT,
    "right": _COUNT,
    "accuracy": _MAYBE_SHARE,
    "low": _MAYBE_SHARE | {"description": "With `high` the 95 % interval (Wilson)."},
    "high": _MAYBE_SHARE,
    "versions": _list(
        _object(
            {"version": TEXT, "labelled": _COUNT, "right": _COUNT, "accuracy": SHARE, "low": SHARE, "high": SHARE},
            "What a model version read of it",
        )
    ),
    "reliability": _list(
        _object(
            {"confidence": SHARE, "accuracy": SHARE, "low": SHARE, "high": SHARE, "labelled": _COUNT},
            "A bin of confidence",
        )
    ),
}
_LABELS = {
    "readings": _COUNT,
    "right": _COUNT | {"description": "Readings that are written as their label is."},
    "marks": _COUNT | {"description": "Readings with the digits of their label, but another minus, point or comma."},
    "confusion": _list(_list(_COUNT, minItems=10, maxItems=10), minItems=10, maxItems=10, description="[read][label]"),
    "too_many": _COUNT | {"description": "Readings with more digits than their label."},
    "too_few": _COUNT,
    "missed": _COUNT | {"description": "Readings without a number where there is one."},
    "invented": _COUNT | {"description": "Readings with a number where there is none."},
}
_WEEK = {
    "week": _DAY | {"description": "Its Monday."},
    "readings": _COUNT,
    "no_number": _COUNT,
    "confidence": _MAYBE_SHARE,
    "share_without_number": _MAYBE_SHARE,
    "digits": _MAYBE_MEAN | {"description": "In a number, on average."},
    "digit_height": _MAYBE_MEAN | {"description": "In pixels, on average."},
    "digit_width_over_height": _MAYBE_MEAN,
}
_STATISTICS = {
    "first": _DAY,
    "last": _DAY,
    "counted_until": MAYBE,
    "complete": {"type": "boolean", "description": "false: an old store is still being counted, newest days first."},
    "readings": _COUNT,
    "no_number": _COUNT,
    "days": _list(_object({"day": _DAY, "readings": _COUNT, "no_number": _COUNT}, "A day, UTC")),
    "confidence": _list(_object({"from": SHARE, "to": SHARE, "readings": _COUNT}, "Numbers of such a confidence")),
    "sample": _object(_SAMPLE, "The random sample"),
    "reviewers": _list(_object({"by": MAYBE, "labels": _COUNT}, "Who gave how many labels")),
    "agreement": _object({"twice": _COUNT, "same": _COUNT}, "Readings that a second person labelled, and the same"),
    "labels": _object(_LABELS, "What people said of readings"),
    "weeks": _list(_object(_WEEK, "A week, from Monday on")),
    "confused": _list(
        _object({"read": _COUNT, "said": _COUNT, "count": _COUNT, "examples": _list(ID)}, "Two digits, by frequency")
    ),
}
_ERASURE = {
    "erased": _list(ID, minItems=1, description="Of records and labels."),
    "time": {"type": "string", "format": "date-time"},
    "by": MAYBE | {"description": "Who erased them: the name of their token; null: none was asked for."},
    "complete": {"type": "boolean", "description": "False: more of the same is left. Send the request again."},
}
_TIME = {"type": "string", "format": "date-time"}
_ALIASES = ["champion", "candidate", "previous", "shipped"]
_VERSION = {
    "name": TEXT,
    "aliases": _list({"enum": _ALIASES}),
    "time": {"type": ["string", "null"], "description": "When it was kept; null: it ships with the program."},
    "verdict": TEXT | {"description": "What the gate said of it."},
    "bytes": {"type": ["integer", "null"]},
}
_ASSIGNMENT = {
    "alias": {"enum": ["champion", "candidate"]},
    "version": TEXT,
    "replaced": MAYBE | {"description": "The version that had the alias before."},
    "reason": TEXT,
    "by": MAYBE,
    "forced": {"type": "boolean", "description": "It had not passed the gate."},
    "time": _TIME,
}
_MODELS = {
    "versions": _list(ref("Version")),
    "history": _list(ref("Assignment")),
    "new_labels": {"type": "integer", "description": "Labels given since a version last learned."},
    "reading": TEXT | {"description": "The version that this service reads with."},
}
_MODEL = {
    "name": TEXT,
    "reading": {"type": "boolean", "description": "It is the champion."},
    "learned": {"type": "object", "description": "From what it was learned, if from corrections."},
    "gate": {"type": "object", "description": "How the gate measured it beside the champion of then."},
}

_ERROR = {
    "error": TEXT,
    "status": {"type": "integer"},
    "field": TEXT | {"description": "The form field that is wrong, where that is `expect`."},
}

SCHEMAS: Schema = {
    "Digit": _object(_DIGIT, "One recognized figure"),
    "Number": _object(_NUMBER, "A run of digits written together"),
    "Reading": _object(_READING, "Everything that was seen in a picture"),
    "Record": _object(_RECORD, "One stored event"),
    "Listed": _object(_RECORD | _LABEL, "A record with its newest label"),
    "Labelled": _object(_RECORD | _LABELS_OF, "A record with its labels"),
    "Kept": _object(_KEPT, "A record that was just kept", optional=("warning",)),
    "Refused": _object(_REFUSED, "A picture of several that was not kept"),
    "Page": _object(
        {
            "records": _list(ref("Listed")),
            "older": MAYBE | {"description": "The address of the next page; null: there is nothing older."},
            "looked_to": MAYBE | {"description": "How far was looked for a page that is not full; null: far enough."},
        },
        "Records, newest first",
    ),
    "UnderReview": _object(_UNDER_REVIEW, "A record under review"),
    "Waiting": _object(_WAITING, "What waits for a person"),
    "Given": _object(_GIVEN, "Readings that are one person's for two minutes"),
    "Skipped": _object({"skipped": ID}, "What was put aside"),
    "Statistics": _object(_STATISTICS, "What was read in a time, and how well"),
    "Erasure": _object(_ERASURE, "That records were erased for good, of which only this is left"),
    "Version": _object(_VERSION, "A model version"),
    "Assignment": _object(_ASSIGNMENT, "That an alias was given to a version"),
    "Models": _object(_MODELS, "All model versions, and who changed what"),
    "Model": _object(_MODEL, "What a model version was learned from and how it was measured", ("learned", "gate")),
    "Error": _object(_ERROR, "What went wrong, in words", optional=("field",)),
}
