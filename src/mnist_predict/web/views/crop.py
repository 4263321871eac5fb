"""`/review/<id>/crop`: the number of a record, cut out of its picture."""

from flask import Blueprint, Response, request

from mnist_predict.errors import NotFound
from mnist_predict.vision.load.picture import preview
from mnist_predict.web.current import service
from mnist_predict.web.http.pictures import YEAR, send_picture
from mnist_predict.web.http.routes import route
from mnist_predict.web.presenters.cards import Card, surroundings
from mnist_predict.web.presenters.openapi import JPEG, operation, parameter

blueprint = Blueprint("crop", __name__, url_prefix="/review")

_LONGEST = 900  # pixels of its longest side


@blueprint.get("/<record_id>/crop")
@route(
    operation=operation(
        JPEG,
        *(404, 410, 503),
        parameters=[parameter("marked", "query", {"enum": ["no", "yes"]}, "With a box around the number.")],
    )
)
def show(record_id: str) -> Response:
    """The crop of a record's number with a margin, as a JPEG; the whole picture where no number was found.

    `marked`: with a box around the number.
    """
    record = service.record(record_id)
    if record.reading is None:
        raise NotFound(f"Record {record.id} has no reading.")
    number, page = Card.of(record, []).number, record.reading.page
    part = surroundings(number) if number else None
    marked = number.box if number and request.args.get("marked") == "yes" else None
    data = service.look(record, lambda data: preview(data, _LONGEST, page, part, marked))
    etag = f"{record.id}-crop{'-marked' if marked else ''}"
    return send_picture(data, f"{record.image_name}.jpg", etag=etag, max_age=YEAR)
