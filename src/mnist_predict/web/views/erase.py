"""`/records/<id>/erase`: shows what would be erased for good, and erases it; programs send DELETE."""

from flask import Blueprint, render_template
from werkzeug.wrappers import Response as AnyResponse

from mnist_predict.web.current import service
from mnist_predict.web.http.access import caller
from mnist_predict.web.http.negotiation import answer
from mnist_predict.web.http.routes import route
from mnist_predict.web.presenters.openapi import HTML_TYPE, TEXT_TYPE, content, operation
from mnist_predict.web.presenters.schemas import ref

blueprint = Blueprint("erasing", __name__, url_prefix="/records")


@blueprint.get("/<record_id>/erase")
@route()
def page(record_id: str) -> str:
    """What would be erased with a record."""
    asked = service.record(record_id)
    together = service.erased_with(record_id)
    labels = [record for record in together if record.label_of]
    records = [record for record in together if not record.label_of]
    return render_template(
        "erase.html",
        record=next((record for record in [*records, asked] if record.sha256), asked),
        record_id=record_id,
        records=records,
        labels=labels,
        more=asked not in together,
    )


@blueprint.post("/<record_id>/erase")
@route()
def erase(record_id: str) -> AnyResponse:
    """The same as DELETE, for the form of the page."""
    return delete(record_id)


@blueprint.delete("/<record_id>")
@route(
    operation=operation(
        content("What was erased.", ref("Erasure"), TEXT_TYPE, HTML_TYPE),
        *(404, 410, 503),
        accepted=content("What was erased so far; more is left.", ref("Erasure"), TEXT_TYPE, HTML_TYPE),
    )
)
def delete(record_id: str) -> AnyResponse:
    """Erase the picture of a record for good, with all its records and their labels.

    A record without a picture is erased with its labels. What was erased answers 410 from then on, and is never stored
    again. Of a picture that was uploaded thousands of times, a request erases some of the records: while it answers
    202, send it again.
    """
    erasure = service.erase(record_id, caller())
    more = [] if erasure.complete else ["More is left to erase. Send this again."]
    response = answer(
        html=lambda: render_template("erased.html", erasure=erasure, record_id=record_id),
        json=erasure.to_dict,
        text=lambda: [*(f"erased: {record}" for record in erasure.records), *more],
        status=202 if more else 200,
    )
    response.headers["Clear-Site-Data"] = '"cache"'  # pictures are kept there for a year
    return response
