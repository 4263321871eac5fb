"""`/uploads`: a picture in, its number out; and the pictures again, by name. `/read` keeps nothing."""

from flask import Blueprint, Response, current_app, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from mnist_predict.store.record import Record
from mnist_predict.vision.picture import MAX_BYTES
from mnist_predict.web.answers import as_json, as_text, wanted
from mnist_predict.web.incoming import expected, idempotency_key, needed_picture
from mnist_predict.web.journal import note
from mnist_predict.web.measured import MeasuredService
from mnist_predict.web.pictures import send_picture
from mnist_predict.web.stored import stored, stored_lines
from mnist_predict.web.words import of_a_hundred, percent

blueprint = Blueprint("uploads", __name__)


@blueprint.get("/")
def home() -> AnyResponse:
    """The address without a path."""
    return redirect(url_for("uploads.page"))


@blueprint.get("/uploads")
def page() -> str:
    """The upload page."""
    return render_template("upload.html", max_bytes=MAX_BYTES)


@blueprint.post("/uploads")
def upload() -> AnyResponse:
    """Read a picture, keep both, answer with the number.

    A browser is sent on to the record's page, so that a reload does not upload again.
    """
    name, data = needed_picture()
    service: MeasuredService = current_app.extensions["service"]
    record = service.upload(data, name, idempotency_key(), expected())
    note("record", str(record.id))
    form = wanted()
    if form == "html":
        response: AnyResponse = redirect(url_for("records.show", record_id=record.id), 303)
    elif form == "json":
        response = as_json(record.to_dict() | stored(record))
    else:
        response = as_text(_lines(record))
    response.vary.add("Accept")
    return response


@blueprint.post("/read")
def read() -> Response:
    """Read a picture and keep nothing."""
    _, data = needed_picture()
    service: MeasuredService = current_app.extensions["service"]
    return as_json(service.read(data, expected()).to_dict())


@blueprint.get("/uploads/<image_name:name>")
def picture(name: str) -> Response:
    """The newest picture of that name, just as it was uploaded."""
    service: MeasuredService = current_app.extensions["service"]
    record, data = service.find(name)
    return send_picture(data, name, etag=record.sha256 or "")


def _lines(record: Record) -> list[str]:
    reading = record.to_dict()
    lines = [f"recognised result: {record.number or 'no number found'}"]
    if record.number:
        right = f"{of_a_hundred(reading['confidence'])} of 100 readings like this are right"
        lines.append(f"confidence: {percent(reading['confidence'])} ({right})")
    lines += [f"advice: {advice}" for advice in reading["advice"]]
    lines += [f"record: {record.id}", *stored_lines(record)]
    lines.append(f"see: {url_for('records.show', record_id=record.id, _external=True)}")
    return lines
