"""Static files under an address that names their content, so that browsers keep them for good; and compression.

All static files share one hash. Scripts import each other by relative addresses, which lead into the same folder.
"""

import gzip
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Response, current_app, request, send_from_directory

from mnist_predict.web.http.pictures import YEAR
from mnist_predict.web.http.routes import route

blueprint = Blueprint("assets", __name__)

_FOLDER = Path(__file__).parents[1] / "static"
_COMPRESSED = {"text/html", "text/css", "text/javascript", "text/plain", "application/json", "image/svg+xml"}
_LEAST = 1000  # bytes; a smaller answer fits into one packet as it is
_LEVEL = 5  # of 9: beyond, pages hardly get smaller


@cache
def static_path() -> str:
    """The path of the static files: `/static/` and a hash of their content."""
    digest = sha256()
    for file in sorted(file for file in _FOLDER.rglob("*") if file.is_file()):
        digest.update(file.relative_to(_FOLDER).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return f"/static/{digest.hexdigest()[:12]}"


@blueprint.get("/static/<path:name>")
@route(public=True)
def of_another_version(name: str) -> Response:
    """A file under the address of an older service, as pages ask for it that were open when this one started."""
    file = re.sub("^[0-9a-f]{12}/", "", name)
    return send_from_directory(str(current_app.static_folder), file, max_age=0)


def keep_assets(response: Response) -> Response:
    """After a request: browsers need not ask again for a file whose address names its content."""
    if request.endpoint == "static" and response.status_code in (200, 304):
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


def compress(response: Response) -> Response:
    """After a request: compress a text that is in memory or a static file, for a client that takes gzip."""
    if response.mimetype not in _COMPRESSED or response.status_code in (204, 304) or request.method == "HEAD":
        return response
    response.vary.add("Accept-Encoding")
    is_file = response.direct_passthrough
    if not request.accept_encodings["gzip"] or "Content-Encoding" in response.headers:
        return response
    if is_file:
        response.direct_passthrough = False
    elif not response.is_sequence:  # sent as it is made
        return response
    data = response.get_data()
    if len(data) < _LEAST:
        return response
    response.set_data(_static(data) if is_file else gzip.compress(data, _LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    if etag := response.get_etag()[0]:
        response.set_etag(etag, weak=True)
    return response


@cache
def _static(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)
