"""`/uploads`: a picture in, its number out; and the pictures again, by name. `/read` keeps nothing."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from mnist_predict.errors import UserError
from mnist_predict.store.record import Record
from mnist_predict.vision.picture import MAX_BYTES
from mnist_predict.web.current import service
from mnist_predict.web.http.access import caller
from mnist_predict.web.http.incoming import expected, idempotency_key, needed_picture, needed_pictures
from mnist_predict.web.http.limits import count_another
from mnist_predict.web.http.negotiation import as_json, as_text, wanted
from mnist_predict.web.http.pictures import send_picture
from mnist_predict.web.http.zipped import is_zip, unpacked
from mnist_predict.web.presenters.stored import stored, stored_lines
from mnist_predict.web.presenters.words import of_a_hundred, percent
from mnist_predict.web.telemetry.journal import note

blueprint = Blueprint("uploads", __name__)

SAMPLES = ("4072", "1985", "7", "360")  # pictures in static/samples, drawn as `training.hands` draws


@blueprint.get("/")
def home() -> AnyResponse:
    """The address without a path."""
    return redirect(url_for("uploads.page"))


@blueprint.get("/uploads")
def page() -> str:
    """The upload page."""
    return render_template("upload.html", max_bytes=MAX_BYTES, samples=SAMPLES)


@blueprint.post("/uploads")
def upload() -> AnyResponse:
    """Read a picture, keep both, answer with the number; or several, in as many form fields `file` or in a zip.

    A browser is sent on to the record's page, so that a reload does not upload again.
    """
    pictures = needed_pictures()
    if len(pictures) > 1 or is_zip(pictures[0][1]):
        return _upload_all(pictures)
    name, data = pictures[0]
    record = service.upload(data, name, idempotency_key(), expected(), caller())
    note("record", str(record.id))
    form = wanted()
    if form == "html":
        response: AnyResponse = redirect(url_for("records.show", record_id=record.id), 303)
    elif form == "json":
        response = as_json(_kept(record))
    else:
        response = as_text(_lines(record))
    response.vary.add("Accept")
    return response


def _kept(record: Record) -> dict[str, Any]:
    return record.to_dict() | stored(record)


def _upload_all(pictures: list[tuple[str, bytes]]) -> Response:
    """The answer to several pictures: what each gave, in order; one that is refused holds up no other.

    Where none could be kept, the error of the first.
    """
    key, expect = idempotency_key(), expected()
    outcomes: list[dict[str, Any]] = []
    errors: list[UserError] = []
    for at, (name, data) in enumerate(_each(pictures)):
        try:
            if isinstance(data, UserError):
                raise data
            count_another(at)
            outcomes.append(_kept(service.upload(data, name, f"{key}/{at}" if key else None, expect, caller())))
        except UserError as error:
            errors.append(error)
            outcomes.append({"image_name": name, "error": str(error), "status": error.status})
    if len(errors) == len(outcomes):
        raise errors[0]
    form = wanted()
    if form == "html":
        response = Response(render_template("batch.html", outcomes=outcomes))
    elif form == "json":
        response = as_json(outcomes)
    else:
        response = as_text([f"{each['image_name']}\t{each.get('error') or each['number']}" for each in outcomes])
    response.vary.add("Accept")
    return response


def _each(files: list[tuple[str, bytes]]) -> Iterator[tuple[str, bytes | UserError]]:
    """The pictures of the files that were sent, those in zips one by one; or why one of them cannot be had."""
    for name, data in files:
        if is_zip(data):
            try:
                yield from unpacked(data)
            except UserError as error:
                yield name, error
        else:
            yield name, data


@blueprint.post("/read")
def read() -> Response:
    """Read a picture and keep nothing. HTML is a part of a page: what is seen in a drawing while one draws."""
    _, data = needed_picture()
    reading = service.read(data, expected())
    html = wanted() == "html"
    response = Response(render_template("seen.html", reading=reading)) if html else as_json(reading.to_dict())
    response.vary.add("Accept")
    return response


@blueprint.get("/uploads/<image_name:name>")
def picture(name: str) -> Response:
    """The newest picture of that name, just as it was uploaded."""
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
