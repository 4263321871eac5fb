"""`/records/<id>/strip/<n>`: the input of the line network, for people who want to see why a number was read so."""

from io import BytesIO

from flask import Blueprint, Response
from PIL import Image

from mnist_predict.errors import NotFound
from mnist_predict.vision.load.picture import decode
from mnist_predict.vision.read.strip import strip_of
from mnist_predict.web.current import service
from mnist_predict.web.http.pictures import YEAR, send_picture
from mnist_predict.web.http.routes import route
from mnist_predict.web.presenters.openapi import content, operation

blueprint = Blueprint("strip", __name__, url_prefix="/records")


@blueprint.get("/<record_id>/strip/<int:index>")
@route(operation=operation(content("A PNG.", None, "image/png"), 404, 410, 503))
def show(record_id: str, index: int) -> Response:
    """The strip of a record's number, by its index: grey, as high as the network reads it, as a PNG."""
    record = service.record(record_id)
    numbers = record.reading.numbers if record.reading else ()
    if index >= len(numbers):
        raise NotFound(f"Record {record.id} has no number {index}.")
    number = numbers[index]
    out = BytesIO()
    strip = strip_of(service.look(record, lambda data: decode(data, number.page)), number)
    Image.fromarray(strip).save(out, "PNG")
    return send_picture(out.getvalue(), f"{record.image_name}.png", etag=f"{record.id}-{index}", max_age=YEAR)
