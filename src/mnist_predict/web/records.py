"""`/records`: what is kept, the newest first; one record with its picture, its reading and its labels."""

from uuid import UUID

from flask import Blueprint, Response, current_app, render_template, request, url_for

from mnist_predict.errors import BadRequest
from mnist_predict.vision.picture import preview
from mnist_predict.web.answers import as_json, pretty, wanted
from mnist_predict.web.drawing import Drawing
from mnist_predict.web.measured import MeasuredService
from mnist_predict.web.pictures import YEAR, send_picture

blueprint = Blueprint("records", __name__, url_prefix="/records")

PAGE = 30
_SIZES = {"small": 240, "large": 1600}  # longest side in pixels of a preview in a table, on its own page


@blueprint.get("")
def newest() -> Response:
    """A page of records; `before` is the id of the last one on the page before."""
    service: MeasuredService = current_app.extensions["service"]
    before = request.args.get("before")
    try:
        records = service.store.page(UUID(before) if before else None, limit=PAGE + 1)
    except ValueError:
        raise BadRequest("`before` is the id of a record.") from None
    more = records[PAGE - 1].id if len(records) > PAGE else None
    older = url_for("records.newest", before=more) if more else None
    if wanted() == "json":
        told = {"records": [record.to_dict() for record in records[:PAGE]], "older": older}
        away = service.spooled and service.spooled.away
        response = as_json(told | ({"away": away} if away else {}))
    else:
        page = render_template("records.html", records=records[:PAGE], older=older, first=not before)
        response = Response(page)
    response.vary.add("Accept")
    return response


@blueprint.get("/<record_id>")
def show(record_id: str) -> Response:
    """One record."""
    service: MeasuredService = current_app.extensions["service"]
    record = service.record(record_id)
    labels = service.store.labels(record.id)
    whole = record.to_dict() | {"labels": [label.to_dict() for label in labels]}
    if wanted() == "json":
        response = as_json(whole)
    else:
        page = record.reading.page if record.reading else 0
        drawing = Drawing.of(service.picture(record), page) if record.sha256 else None
        shown = render_template("record.html", record=record, labels=labels, drawing=drawing, pretty=pretty(whole))
        response = Response(shown)
    response.vary.add("Accept")
    return response


@blueprint.get("/<record_id>/picture")
def picture(record_id: str) -> Response:
    """The picture of a record, just as it was uploaded; also of one that is called `record`."""
    service: MeasuredService = current_app.extensions["service"]
    record = service.record(record_id)
    return send_picture(service.picture(record), record.image_name, etag=record.sha256 or "", max_age=YEAR)


@blueprint.get("/<record_id>/preview/<any(small, large):size>")
def smaller(record_id: str, size: str) -> Response:
    """The picture of a record, upright, as a JPEG that every browser shows; of several pages the one that counts."""
    service: MeasuredService = current_app.extensions["service"]
    record = service.record(record_id)
    data = preview(service.picture(record), _SIZES[size], record.reading.page if record.reading else 0)
    return send_picture(data, f"{record.image_name}.jpg", etag=f"{record.sha256}-{size}", max_age=YEAR)
