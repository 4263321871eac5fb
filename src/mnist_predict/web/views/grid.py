"""`/review/grid`: many readings of the same digit, checked at a glance."""

from uuid import UUID

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from mnist_predict import review
from mnist_predict.errors import BadRequest, StoreUnavailable
from mnist_predict.store.record import Record
from mnist_predict.web.browsers.told import tell
from mnist_predict.web.current import service
from mnist_predict.web.http.access import caller
from mnist_predict.web.http.negotiation import answer
from mnist_predict.web.http.routes import route
from mnist_predict.web.presenters.openapi import content, form, operation
from mnist_predict.web.presenters.schemas import ref
from mnist_predict.web.presenters.stored import stored
from mnist_predict.web.views.review import (
    DIGIT,
    GRID,
    IDS,
    REVIEWER,
    digit_of,
    give_readings,
    ids_of,
    named_cards,
    reviewer_of,
)

blueprint = Blueprint("grid", __name__, url_prefix="/review")


@blueprint.get("/grid")
@route()
def page() -> str:
    """The page of the grid: the digits to choose from, or the named readings."""
    digit = digit_of(request.args.get("digit"))
    try:
        older = UUID(request.args["older"]) if "older" in request.args else None
        looked = Record(older, "", "", "upload").record_time if older else None
    except (ValueError, OverflowError):
        raise BadRequest("`older` is the id of a record.") from None
    cards = named_cards()
    waiting = None if cards else review.waiting_digits(service.store)
    about = {"digit": digit, "reviewer": reviewer_of(request.args), "looked": looked, "waiting": waiting}
    return render_template("review_grid.html", cards=cards, confirmed=request.args.getlist("confirmed"), **about)


@blueprint.post("/grid", endpoint="answer")
@route(
    operation=operation(
        content("The labels that were kept.", {"type": "array", "items": ref("Kept")}),
        *(400, 404, 410, 503),
        form=form("digit", "record", digit=DIGIT, record=IDS, wrong=IDS, reviewer=REVIEWER),
        see_other=True,
    )
)
def answer_grid() -> AnyResponse:
    """Confirm many readings of the same digit.

    Form fields: `digit`, `record` (ids that were checked), `wrong` (those among them that show something else, and are
    not confirmed). A browser goes on to the review of the wrong ones, or to the next forty.
    """
    digit, who = digit_of(request.form.get("digit")), reviewer_of(request.form)
    if digit is None:
        raise BadRequest("`digit` must be one of 0 to 9.")
    wrong = ids_of("wrong")
    right = [record for record in ids_of("record") if record not in wrong]
    labels: list[Record] = []
    try:
        for record in right:
            labels.append(service.label(str(record), digit, caller()))
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error} The first {len(labels)} of {len(right)} are confirmed.") from error
    ids = [label.id for label in labels]

    def html() -> AnyResponse:
        if wrong:
            return tell(give_readings(who, len(wrong), wrong, None, confirmed=ids), labels=len(labels))
        return tell(give_readings(who, GRID, [], digit, confirmed=ids), labels=len(labels))

    return answer(html=html, json=lambda: [label.to_dict() | stored(label) for label in labels], text="json")
