"""Serving what strangers uploaded: as a picture and as nothing else."""

from io import BytesIO

from flask import Response, send_file

from mnist_predict.errors import NotAPicture
from mnist_predict.vision.picture import media_type
from mnist_predict.web.http.safety import PICTURES

YEAR = 365 * 24 * 3600


def send_picture(data: bytes, name: str, etag: str, max_age: int = 0) -> Response:
    """A picture's bytes with the type that they themselves show, whatever the name says.

    `etag`: what changes when the bytes do; `max_age`: seconds that a browser may keep them unasked. A
    browser shows the picture in place, and saves it under the last part of its name; a PDF it only saves, as
    no browser opens one in a sandbox.
    """
    try:
        kind = media_type(data)
        attachment = kind == "application/pdf"
    except NotAPicture:
        kind, attachment = "application/octet-stream", True
    response = send_file(
        BytesIO(data),
        mimetype=kind,
        as_attachment=attachment,
        download_name=_file_name(name),
        etag=etag,
    )
    response.headers["Content-Security-Policy"] = PICTURES
    fresh = f"max-age={max_age}, immutable" if max_age else "no-cache"
    response.headers["Cache-Control"] = f"private, {fresh}"
    return response


def _file_name(image_name: str) -> str:
    """A name to save under: the last part of a path, without what no file system or header takes."""
    last = image_name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable())[:200] or "picture"
