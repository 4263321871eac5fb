"""One line of JSON on standard error and one count in the metrics for every request."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from time import perf_counter, time
from typing import Any

from flask import Response, request

from mnist_predict.web.telemetry.log import as_line, iso
from mnist_predict.web.telemetry.metrics import count_request
from mnist_predict.web.wsgi import Environ, Wsgi

_NOTES = "mnist_predict.notes"
_ROUTE = "mnist_predict.route"
_STREAMED = "mnist_predict.streamed"
_LONGEST_PATH = 500
_PART = 64_000  # characters


def note(name: str, value: str) -> None:
    """Add a field to the journal line of the current request, such as the id of its record."""
    request.environ.setdefault(_NOTES, {})[name] = value


def note_route(response: Response) -> Response:
    """After a request: note its route for the journal."""
    request.environ[_ROUTE] = request.url_rule.rule if request.url_rule else "none"
    return response


def stream(texts: Iterable[str]) -> Iterator[str]:
    """The body of the answer to this request, sent in parts as it is made; short texts are joined."""
    request.environ[_STREAMED] = True
    return _in_parts(texts)


def stream_bytes(data: bytes) -> Iterator[bytes]:
    """Bytes as the body of the answer to this request, handed on as they are read."""
    request.environ[_STREAMED] = True
    return (data[at : at + _PART] for at in range(0, len(data), _PART))


def _in_parts(texts: Iterable[str]) -> Iterator[str]:
    part, length = [], 0
    for text in texts:
        part.append(text)
        length += len(text)
        if length >= _PART:
            yield "".join(part)
            part, length = [], 0
    if part:
        yield "".join(part)


class Journal:
    """WSGI middleware that times requests, logs and counts them.

    It passes a body on as a list, which the server sends in one write with the head; a body of `stream` as it comes.
    """

    def __init__(self, app: Wsgi) -> None:
        self.app = app

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        start = perf_counter()
        status = "500"

        def started(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status
            status = line[:3]
            return start_response(line, headers, exc_info)

        answer = self.app(environ, started)
        if environ.get(_STREAMED):
            return _Streamed(answer, lambda sent: self._write(environ, status, start, sent))
        try:
            body = list(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        self._write(environ, status, start, sum(map(len, body)))
        return body

    def _write(self, environ: Environ, status: str, start: float, sent: int) -> None:
        method = environ["REQUEST_METHOD"]
        count_request(environ.get(_ROUTE, "none"), method, status)
        path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
        line = {
            "time": iso(time()),
            "method": method,
            "path": path[:_LONGEST_PATH],
            "status": int(status),
            "ms": round(1000 * (perf_counter() - start), 2),
            "bytes": sent,
            **environ.get(_NOTES, {}),
        }
        with suppress(OSError):  # a full disk of the log must not fail an answer
            environ["wsgi.errors"].write(as_line(line) + "\n")


class _Streamed:
    """A body that is handed on part by part. Its end is noted once, also where nobody read its beginning."""

    def __init__(self, answer: Iterable[bytes], note_end: Callable[[int], None]) -> None:
        self._answer = answer
        self._parts = iter(answer)
        self._note_end: Callable[[int], None] | None = note_end
        self._sent = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            part = next(self._parts)
        except BaseException:
            self.close()
            raise
        self._sent += len(part)
        return part

    def close(self) -> None:
        """No more is wanted."""
        note_end, self._note_end = self._note_end, None
        if note_end is not None:
            if hasattr(self._answer, "close"):
                self._answer.close()
            note_end(self._sent)

    __del__ = close
