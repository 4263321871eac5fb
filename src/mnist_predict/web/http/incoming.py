"""What clients send: the pictures and fields of a form, in memory and within the limits."""

from collections.abc import Iterable
from io import BytesIO
from math import inf
from typing import IO, Any

from flask import Request, request
from multipart import MultipartSegment, ParserLimitReached, PushMultipartParser
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from mnist_predict.errors import BadRequest, TooLarge
from mnist_predict.vision.load.picture import MAX_BYTES
from mnist_predict.vision.read.expect import Expectation, expectation

MAX_REQUEST = MAX_BYTES + 100_000  # and the rest of the form

Fields = MultiDict[str, str]
Files = MultiDict[str, FileStorage]


class FormParser(FormDataParser):
    """Parses forms with `multipart`: Werkzeug compiles two regular expressions for each, 0.4 ms of CPU.

    Files stay in memory: they are small, and read once. A form that is broken is empty.
    """

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> tuple[IO[bytes], Fields, Files]:
        """The stream, and the fields and files of the form in it.

        Raises `RequestEntityTooLarge` beyond the application's limits.
        """
        if mimetype != "multipart/form-data":
            return super().parse(stream, mimetype, content_length, options)
        boundary = (options or {}).get("boundary", "")
        try:
            parser = PushMultipartParser(
                boundary, content_length or -1, max_segment_count=self.max_form_parts or inf, header_charset="latin1"
            )
            return stream, *self._taken(parser.parse_blocking(stream.read))
        except ParserLimitReached:
            raise RequestEntityTooLarge from None
        except ValueError:
            return stream, MultiDict(), MultiDict()

    def _taken(self, events: Iterable[Any]) -> tuple[Fields, Files]:
        form, files = Fields(), Files()
        held = 0  # bytes of fields
        part: MultipartSegment
        name, filename, data = "", None, bytearray()
        for event in events:
            if isinstance(event, MultipartSegment):
                part, data = event, bytearray()
                name, filename = _text(part.name or ""), _filename(part)
            elif event is not None:
                data += event
                held += 0 if filename is not None else len(event)
                if held > (self.max_form_memory_size or inf):
                    raise RequestEntityTooLarge
            elif filename is None:
                form.add(name, data.decode("utf-8", "replace"))
            else:
                files.add(name, FileStorage(BytesIO(data), filename, name, part.content_type))
        return form, files


class FormRequest(Request):
    """A request whose form is parsed so."""

    form_data_parser_class = FormParser


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


def _filename(part: MultipartSegment) -> str | None:
    """The name of a part's file, None of a field; some clients give it as RFC 2231 has it, `filename*=`."""
    if part.filename is not None:
        return _text(part.filename)
    return parse_options_header(part.header("Content-Disposition"))[1].get("filename")


def _text(header: str) -> str:
    """What a part's header says, in UTF-8, or as an old program writes the name of its file."""
    data = header.encode("latin1")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
