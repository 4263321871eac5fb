"""`/batch`: what was read in several pictures, under an address of its own, so that one can come back to it."""

from flask import Blueprint, Response, render_template, request

from mnist_predict.errors import BadRequest
from mnist_predict.store.tools.export import csv_lines, with_labels
from mnist_predict.web.current import service
from mnist_predict.web.http.routes import route
from mnist_predict.web.presenters.openapi import content, operation, parameter
from mnist_predict.web.presenters.rows import Row
from mnist_predict.web.presenters.schemas import ID

blueprint = Blueprint("batch", __name__)

MOST = 40  # records in one address

_RECORD = parameter("record", "query", ID, f"The id of a record; may be repeated up to {MOST} times.")


@blueprint.get("/batch")
@route()
def page() -> str:
    """The named records, as after they were uploaded."""
    rows = _rows()
    outcomes = [outcome_of(row) for row in rows]
    return render_template("batch.html", outcomes=outcomes, ids=[str(row.record.id) for row in rows])


@blueprint.get("/batch.csv")
@route(operation=operation(content("A line for each.", None, "text/csv"), 400, 404, 410, 503, parameters=[_RECORD]))
def as_csv() -> Response:
    """The named records as CSV, as in `/records.csv`."""
    text = "".join(csv_lines([(row.record, row.label) for row in _rows()]))
    response = Response(text, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = "attachment; filename=results.csv"
    return response


def outcome_of(row: Row) -> dict[str, object]:
    """What a row of the page shows of a record."""
    return row.record.to_dict() | {"label": row.label.written if row.label else None}


def _rows() -> list[Row]:
    named = list(dict.fromkeys(request.args.getlist("record")))
    if not 0 < len(named) <= MOST:
        raise BadRequest(f"Name 1 to {MOST} records in `record`.")
    records = [service.record(record_id) for record_id in named]
    return [Row(record, label, record.id) for record, label in with_labels(service.store, records)]
