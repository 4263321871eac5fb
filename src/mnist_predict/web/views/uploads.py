"""`/uploads`: a picture in, its number out; pictures by name. `/read` keeps nothing."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from mnist_predict.errors import BadRequest, UserError
from mnist_predict.store.record import Record
from mnist_predict.turns import Left
from mnist_predict.vision.load.picture import MAX_BYTES
from mnist_predict.vision.read.expect import Expectation
from mnist_predict.web.current import service
from mnist_predict.web.http.access import caller
from mnist_predict.web.http.incoming import expected, idempotency_key, needed_picture, needed_pictures
from mnist_predict.web.http.limits import count_another
from mnist_predict.web.http.negotiation import answer, wanted
from mnist_predict.web.http.pictures import send_picture
from mnist_predict.web.http.routes import route
from mnist_predict.web.http.zipped import is_zip, unpacked
from mnist_predict.web.presenters.openapi import HTML_TYPE, PICTURE, TEXT_TYPE, content, form, operation, parameter
from mnist_predict.web.presenters.schemas import ONE_OR_MANY, PICTURE_FILE, TEXT, ref
from mnist_predict.web.presenters.stored import stored, stored_lines
from mnist_predict.web.presenters.words import of_a_hundred, percent
from mnist_predict.web.telemetry.journal import note
from mnist_predict.web.views import batch

blueprint = Blueprint("uploads", __name__)

_FILES = {
    "type": "array",
    "items": {"type": "string", "format": "binary", "description": "The bytes of a picture, or of a zip of pictures."},
    "minItems": 1,
}
_EXPECT = TEXT | {"description": "What the number is expected to be: `4 digits`, `0..100`.", "examples": [""]}
_KEY = parameter(
    "Idempotency-Key", "header", {"type": "string", "maxLength": 255}, "A retry with the same key is the same record."
)
SAMPLES = ("4072", "1985", "7", "360")  # pictures in static/samples, drawn as `training.hands` draws


@blueprint.get("/")
@route()
def home() -> AnyResponse:
    """Redirects the root to the upload page."""
    return redirect(url_for("uploads.page"))


@blueprint.get("/uploads")
@route()
def page() -> str:
    """The upload page."""
    return _form()


def _form(**mistake: str) -> str:
    return render_template(
        "upload.html", max_bytes=MAX_BYTES, samples=SAMPLES, kept_where=current_app.config["KEPT"], **mistake
    )


@blueprint.post("/uploads")
@route(
    limited=True,
    operation=operation(
        content("What was read and kept.", ONE_OR_MANY, TEXT_TYPE, HTML_TYPE),
        *(400, 410, 413, 415, 422, 429, 503),
        form=form("file", file=_FILES, expect=_EXPECT),
        parameters=[_KEY],
        see_other=True,
    ),
)
def upload() -> AnyResponse:
    """Read a picture, keep both, answer with the number; or several, in as many form fields `file` or in a zip.

    A browser is sent on to the record's page, so that a reload does not upload again.
    """
    pictures = needed_pictures()
    try:
        expect = expected()
    except BadRequest as error:
        if wanted() != "html":
            raise
        return Response(_form(expect=request.form["expect"], mistake=str(error)), error.status)
    if len(pictures) > 1 or is_zip(pictures[0][1]):
        return _upload_all(pictures, expect)
    name, data = pictures[0]
    record = service.upload(data, name, idempotency_key(), expect, caller())
    note("record", str(record.id))
    return answer(
        html=lambda: redirect(url_for("records.show", record_id=record.id), 303),
        json=lambda: _kept(record),
        text=lambda: _lines(record),
    )


def _kept(record: Record) -> dict[str, Any]:
    return record.to_dict() | stored(record)


def _upload_all(pictures: list[tuple[str, bytes]], expect: Expectation | None) -> AnyResponse:
    """The answer to several pictures: a record or an error for each, in order.

    Raises the first error where no picture could be kept.
    """
    key = idempotency_key()
    outcomes: list[dict[str, Any]] = []
    errors: list[UserError] = []
    for at, (name, data) in enumerate(_each(pictures)):
        try:
            if isinstance(data, UserError):
                raise data
            count_another(at)
            outcomes.append(_kept(service.upload(data, name, f"{key}/{at}" if key else None, expect, caller())))
        except Left:
            raise
        except UserError as error:
            errors.append(error)
            outcomes.append({"image_name": name, "error": str(error), "status": error.status})
    if len(errors) == len(outcomes):
        raise errors[0]
    ids = [outcome["id"] for outcome in outcomes if "id" in outcome]

    def html() -> str | AnyResponse:
        if errors or len(ids) > batch.MOST:  # too long for an address
            return render_template("batch.html", outcomes=outcomes, ids=ids)
        return redirect(url_for("batch.page", record=ids), 303)

    return answer(
        html=html,
        json=lambda: outcomes,
        text=lambda: [f"{outcome['image_name']}\t{outcome.get('error') or outcome['written']}" for outcome in outcomes],
    )


def _each(files: list[tuple[str, bytes]]) -> Iterator[tuple[str, bytes | UserError]]:
    """Names and bytes of the pictures that were sent, zips unpacked; an error for a file that cannot be unpacked."""
    for name, data in files:
        if is_zip(data):
            try:
                yield from unpacked(data)
            except UserError as error:
                yield name, error
        else:
            yield name, data


@blueprint.post("/read")
@route(
    limited=True,
    operation=operation(
        content("What was read.", ref("Reading"), HTML_TYPE),
        *(400, 413, 415, 422, 429),
        form=form("file", file=PICTURE_FILE, expect=_EXPECT),
    ),
)
def read() -> AnyResponse:
    """Read a picture and keep nothing. In HTML, a fragment for the page that draws."""
    _, data = needed_picture()
    reading = service.read(data, expected())
    return answer(html=lambda: render_template("seen.html", reading=reading), json=reading.to_dict, text="json")


@blueprint.get("/uploads/<image_name:name>")
@route(operation=operation(PICTURE, 404, 503))
def picture(name: str) -> Response:
    """The newest picture of that name, exactly as it was uploaded."""
    record = service.find(name)
    return service.look(record, lambda data: send_picture(data, name, etag=record.sha256 or ""))


def _lines(record: Record) -> list[str]:
    reading = record.to_dict()
    lines = [f"recognised result: {record.written or 'no number found'}"]
    if record.reading:
        lines += [f"also: {number.written} ({percent(number.confidence)})" for number in record.reading.others]
    if record.written:
        right = f"{of_a_hundred(reading['confidence'])} of 100 readings like this are right"
        lines.append(f"confidence: {percent(reading['confidence'])} ({right})")
    lines += [f"advice: {advice}" for advice in reading["advice"]]
    lines += [f"record: {record.id}", *stored_lines(record)]
    lines.append(f"see: {url_for('records.show', record_id=record.id, _external=True)}")
    return lines
