"""`/records.csv`, `/records.jsonl`: all records that match a search, sent as they are found.

If the store fails meanwhile, the file looks complete to its reader, so its last line says that it is not.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain

from flask import Blueprint, Response, request

from mnist_predict.errors import UserError
from mnist_predict.store.tools.export import Labelled, csv_line, csv_lines, everything_found, json_lines, with_labels
from mnist_predict.web.current import service
from mnist_predict.web.http.limits import until_sent
from mnist_predict.web.http.routes import route
from mnist_predict.web.http.searching import searched
from mnist_predict.web.presenters.openapi import SEARCH, content, operation, parameter
from mnist_predict.web.telemetry.journal import stream

blueprint = Blueprint("exports", __name__)

log = logging.getLogger("mnist_predict.web")


@blueprint.get("/records.csv")
@route(
    operation=operation(
        content("A line for each record below a header; an error on the last line if it breaks off.", None, "text/csv"),
        *(400, 503),
        parameters=[*SEARCH, parameter("bom", "query", {"enum": ["no", "yes"]}, "Byte order mark, for Excel.")],
    )
)
def as_csv() -> Response:
    """All records that match a search, newest first, as CSV. The filters are those of `/records`.

    Names that a spreadsheet would take for a formula get an apostrophe before them.
    """
    lines = partial(csv_lines, bom=request.args.get("bom") == "yes")
    return _sent("records.csv", "text/csv; charset=utf-8", lines, lambda words: csv_line([words]))


@blueprint.get("/records.jsonl")
@route(
    operation=operation(
        content("A line for each record; `error` on the last line if it breaks off.", None, "application/jsonl"),
        *(400, 503),
        parameters=SEARCH,
    )
)
def as_json_lines() -> Response:
    """All records that match a search, newest first, as JSON Lines. The filters are those of `/records`."""
    return _sent("records.jsonl", "application/jsonl", json_lines, lambda words: json.dumps({"error": words}) + "\n")


def _sent(
    name: str, kind: str, lines: Callable[[Iterable[Labelled]], Iterator[str]], last: Callable[[str], str]
) -> Response:
    records = everything_found(service.store, searched("bom"))
    first = next(records, None)  # a store that is away says so before the answer begins
    text = lines(with_labels(service.store, chain([first] if first else [], records)))
    response = Response(stream(_to_the_end(text, last)), content_type=kind)
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return until_sent(response, 0)


def _to_the_end(lines: Iterator[str], last: Callable[[str], str]) -> Iterator[str]:
    """The lines; a last one says so if they break off."""
    try:
        yield from lines
    except Exception as error:
        log.exception("An export was broken off.")
        words = (
            str(error) if isinstance(error, UserError) else "Something went wrong in the service; it has been logged."
        )
        yield last(f"Incomplete: the rest of the records is missing. {words}")
