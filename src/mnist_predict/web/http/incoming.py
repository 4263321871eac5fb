"""What clients send: the pictures and fields of a form, in memory and within the limits."""

from flask import request

from mnist_predict.errors import BadRequest, TooLarge
from mnist_predict.vision.load.picture import MAX_BYTES
from mnist_predict.vision.read.expect import Expectation, expectation

MAX_REQUEST = MAX_BYTES + 100_000  # and the rest of the form


def sent_pictures() -> list[tuple[str, bytes]]:
    """Image names and bytes of the form fields `file`; empty where no file was sent or chosen.

    Raises `TooLarge` for a file beyond the limit.
    """
    pictures = []
    for file in request.files.getlist("file"):
        data = file.stream.read()
        name = file.filename or ""
        if not name and not data:  # what a browser sends for a file field that was left empty
            continue
        if len(data) > MAX_BYTES:
            raise TooLarge(f"The file has more than {MAX_BYTES // 1_000_000} MB. Send a smaller picture.")
        pictures.append((name or "unnamed", data))
    return pictures


def sent_picture() -> tuple[str, bytes] | None:
    """The picture that was sent, None without one; raises `BadRequest` for several."""
    pictures = sent_pictures()
    if len(pictures) > 1:
        raise BadRequest("Send one picture at a time.")
    return pictures[0] if pictures else None


def needed_pictures() -> list[tuple[str, bytes]]:
    """As `sent_pictures`; raises `BadRequest` where there is none."""
    pictures = sent_pictures()
    if not pictures:
        raise BadRequest(
            "There is no picture in this request. Choose one, or send it in the form field `file`: "
            f'curl -F "file=@7.png" {request.base_url}'
        )
    return pictures


def needed_picture() -> tuple[str, bytes]:
    """The picture that was sent; raises `BadRequest` for none and for several."""
    pictures = needed_pictures()
    if len(pictures) > 1:
        raise BadRequest("Send one picture at a time.")
    return pictures[0]


def expected() -> Expectation | None:
    """The expectation in the form field `expect`, None where it is empty; raises `BadRequest` for a malformed one."""
    words = request.form.get("expect", "").strip()
    try:
        return expectation(words) if words else None
    except BadRequest as error:
        error.field = "expect"
        raise


def idempotency_key() -> str | None:
    """The request's `Idempotency-Key`, if it has one; raises `BadRequest` for one that is too long."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > 255:
        raise BadRequest("An Idempotency-Key may have at most 255 characters.")
    return key or None
