"""Serving what strangers uploaded: as pictures and nothing else."""

from io import BytesIO

from flask import Response, request, send_file

from mnist_predict.errors import NotAPicture
from mnist_predict.vision.load.picture import media_type
from mnist_predict.web.http.limits import until_sent
from mnist_predict.web.http.safety import PICTURES
from mnist_predict.web.telemetry.journal import stream_bytes

YEAR = 365 * 24 * 3600
LARGE = 500_000  # bytes from which an answer waits for its client piece by piece, and counts meanwhile


def send_picture(data: bytes, name: str, etag: str, max_age: int = 0) -> Response:
    """A picture's bytes, with the media type that they show, whatever the name says.

    `etag`: changes when the bytes do; `max_age`: seconds that a browser may cache them. Browsers show a picture in
    place and save it under the last part of its name. A PDF is only saved: browsers do not open one in a sandbox.
    """
    try:
        kind = media_type(data)
        attachment = kind == "application/pdf"
    except NotAPicture:
        kind, attachment = "application/octet-stream", True
    large = len(data) > LARGE and request.method == "GET"
    response = send_file(
        BytesIO(b"" if large else data),
        mimetype=kind,
        as_attachment=attachment,
        download_name=_file_name(name),
        etag=etag,
    )
    if large and response.status_code == 200:
        response.response = stream_bytes(data)
        response.content_length = len(data)
        response = until_sent(response, len(data))
    response.headers["Content-Security-Policy"] = PICTURES
    fresh = f"max-age={max_age}, immutable" if max_age else "no-cache"
    response.headers["Cache-Control"] = f"private, {fresh}"
    return response


def _file_name(image_name: str) -> str:
    """A file name: the last part of a path, without unprintable characters."""
    last = image_name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable())[:200] or "picture"
