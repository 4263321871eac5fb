"""`/records`: the records, searched, newest first; a record with its picture, reading and labels."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from mnist_predict.errors import BadRequest, NotFound
from mnist_predict.store.ids import time_of
from mnist_predict.store.record import standing
from mnist_predict.store.search import LOOK
from mnist_predict.store.tools.export import to_dict, with_labels
from mnist_predict.typed import whole
from mnist_predict.vision.load.picture import preview
from mnist_predict.vision.tell.table import as_csv
from mnist_predict.web.current import service
from mnist_predict.web.http.negotiation import answer, as_json, wanted
from mnist_predict.web.http.pictures import YEAR, send_picture
from mnist_predict.web.http.routes import route
from mnist_predict.web.http.searching import CONFIDENCES, searched, words
from mnist_predict.web.presenters.drawing import Drawing
from mnist_predict.web.presenters.numbers import corrected, newest_of_numbers, sheet_of
from mnist_predict.web.presenters.openapi import HTML_TYPE, JPEG, PICTURE, SEARCH, content, operation, parameter
from mnist_predict.web.presenters.rows import ORDERS, Rows, in_order, page, total
from mnist_predict.web.presenters.schemas import ID, ref
from mnist_predict.web.presenters.words import pretty
from mnist_predict.web.telemetry.log import iso

blueprint = Blueprint("records", __name__, url_prefix="/records")

log = logging.getLogger("mnist_predict.web")
Made = TypeVar("Made")

PAGE = 30
NEWEST_FIRST = "-time"
_SMALL, _LARGE = 240, 1600  # longest side in pixels of a preview in a table, on its own page


@blueprint.get("")
@route(
    operation=operation(
        content("A page of records.", ref("Page"), HTML_TYPE),
        *(400, 503),
        parameters=[*SEARCH, parameter("before", "query", ID, "Only records older than this one.")],
    )
)
def newest() -> AnyResponse:
    """A page of the records that match a search; of all records without one. Each has its newest label beside it.

    `older` is the address of the next page. A page that is not full may not be the last: a search with several
    filters examines a bounded number of records, back to `looked_to`.
    """
    return _listed() if wanted() == "json" else _page()


def _listed() -> AnyResponse:
    """The JSON of `newest`: labels are among the records."""
    asked = words()
    found = service.store.search(searched("before"), _id(request.args.get("before")), PAGE)
    looked_to = time_of(found.rest) if found.rest and len(found.records) < PAGE else None
    away = service.store.status().away
    listed: dict[str, Any] = {
        "records": [to_dict(record, label) for record, label in with_labels(service.store, found.records)],
        "older": url_for("records.newest", **asked, before=found.rest) if found.rest else None,
        "looked_to": iso(looked_to.timestamp()) if looked_to else None,
    }
    response = as_json(listed | ({"away": away} if away else {}))
    response.vary.add("Accept")
    return response


def _page() -> AnyResponse:
    """The page of `newest`: a label is shown beside what it labels.

    `rows` is how many are shown at once, for who comes back to a page that has grown. In another order than that of
    time (`sort`), pages are counted (`skip`).
    """
    asked, before = words(), _id(request.args.get("before"))
    rows = whole(request.args.get("rows", str(PAGE)), 1, LOOK) or PAGE
    skip = whole(request.args.get("skip", "0"), 0, LOOK) or 0
    order = request.args.get("sort") or NEWEST_FIRST
    mistake: str | None = None
    found, counted, ordered = Rows([]), None, None
    try:
        search = searched("before", "rows", "sort", "skip")
        if order not in ORDERS:
            raise BadRequest(f"`sort` must be one of {', '.join(ORDERS)}.")
        if order == NEWEST_FIRST:
            found = page(service.store, search, before, rows)
        else:
            found = in_order(service.store, search, order)
        counted = None if before else total(service.store, search, found)
    except BadRequest as error:
        mistake, order = str(error), NEWEST_FIRST
    if order == NEWEST_FIRST:
        shown, address = found.rows, asked
        older = url_for("records.newest", **asked, before=found.rest) if found.rest else None
        looked_to = time_of(found.rest) if found.rest and len(shown) < rows else None
    else:
        shown, address, looked_to = found.rows[skip : skip + rows], asked | {"sort": order}, None
        more = skip + rows < len(found.rows)
        older = url_for("records.newest", **address, skip=skip + rows) if more else None
        ordered = len(found.rows) if found.rest else None
    text = render_template(
        "records.html",
        rows=shown,
        counted=counted,
        ordered=ordered,
        older=older,
        looked_to=looked_to,
        first=not before and not skip,
        asked=asked,
        address=address,
        order=order,
        mistake=mistake,
        confidences=CONFIDENCES,
    )
    response = Response(text, 400 if mistake else 200)
    response.vary.add("Accept")
    return response


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise BadRequest("`before` is the id of a record.") from None


@blueprint.get("/<record_id>")
@route(operation=operation(content("The record.", ref("Labelled"), HTML_TYPE), 404, 410, 503))
def show(record_id: str) -> AnyResponse:
    """A record, with its labels."""
    record = service.record(record_id)
    history = service.store.label_history(record.id)
    labels = standing(history)
    whole = record.to_dict() | {
        "labels": [label.to_dict() for label in labels],
        "label_history": [label.to_dict() for label in history],
    }

    def html() -> str:
        reading = record.reading
        page = reading.page if reading else 0

        def draw() -> Drawing:
            return service.look(record, lambda data: Drawing.of(data, page))

        drawing = _if_it_works(draw) if record.sha256 else None
        said = newest_of_numbers(record, history)
        sheet = _if_it_works(lambda: sheet_of(reading, said)) if reading else None
        return render_template(
            "record.html",
            record=record,
            label=labels[0] if labels else None,
            history=history,
            counting={label.id for at in {each.of_number for each in history} for label in standing(history, at)},
            said=said,
            drawing=drawing,
            sheet=sheet,
            pretty=pretty(whole),
        )

    return answer(html=html, json=lambda: whole, text="html")


def _if_it_works(make: Callable[[], Made]) -> Made | None:
    """A part of the page, or None: what is kept can always be shown, though perhaps without its picture."""
    try:
        return make()
    except Exception:
        log.exception("A record is shown without a part of its page.")
        return None


@blueprint.get("/<record_id>/picture")
@route(operation=operation(PICTURE, 404, 410, 503))
def picture(record_id: str) -> Response:
    """The picture of a record, exactly as it was uploaded."""
    record = service.record(record_id)
    name, etag = record.image_name, record.sha256 or ""
    return service.look(record, lambda data: send_picture(data, name, etag, max_age=YEAR))


@blueprint.get("/<record_id>/table.csv")
@route(operation=operation(content("A line for each row.", None, "text/csv"), 404, 410, 503))
def numbers(record_id: str) -> Response:
    """The numbers of a record in rows and columns as they stand in its picture, as CSV.

    They are corrected where labels say so.
    """
    record = service.record(record_id)
    if record.reading is None:
        raise NotFound(f"Record {record.id} has no reading.")
    said = newest_of_numbers(record, service.store.label_history(record.id))
    response = Response(as_csv(corrected(record.reading, said)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename=table-{record.id}.csv"
    return response


@blueprint.get("/<record_id>/preview/<any(small, large):size>")
@route(operation=operation(JPEG, 404, 410, 503))
def smaller(record_id: str, size: str) -> Response:
    """The picture of a record, upright, as a JPEG; of several pages, the one with the primary number."""
    record = service.record(record_id)
    page = record.reading.page if record.reading else 0

    def small(data: bytes) -> bytes:
        return preview(data, _SMALL, page)

    if size == "small":
        data = service.thumbnail(record, page, lambda: service.look(record, small))
    else:
        data = service.look(record, lambda data: preview(data, _LARGE, page))
    return send_picture(data, f"{record.image_name}.jpg", etag=f"{record.sha256}-{size}", max_age=YEAR)
