"""`/review`: the readings that most need a person, one by one; `/review/grid`: many readings of the same digit.

A reading is leased to one person by a POST, which redirects a browser to a page with the leased readings. That page is
a plain form; review.js fetches such pages ahead and shows their cards one by one.
"""

from typing import get_args
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from mnist_predict import review
from mnist_predict.errors import BadRequest, NotFound, StoreUnavailable
from mnist_predict.store.reasons import Reason
from mnist_predict.store.record import Record
from mnist_predict.typed import whole
from mnist_predict.vision.picture import preview
from mnist_predict.web.browsers.told import tell
from mnist_predict.web.current import service
from mnist_predict.web.http.access import caller
from mnist_predict.web.http.negotiation import answer, as_json, wanted
from mnist_predict.web.http.pictures import YEAR, send_picture
from mnist_predict.web.http.routes import route
from mnist_predict.web.presenters.cards import Card, surroundings
from mnist_predict.web.presenters.openapi import HTML_TYPE, JPEG, content, form, operation, parameter
from mnist_predict.web.presenters.schemas import ID, TYPED, ref
from mnist_predict.web.presenters.stored import stored
from mnist_predict.web.telemetry.journal import note

blueprint = Blueprint("review", __name__, url_prefix="/review")

GRID = 40  # readings on a page of the grid; nobody is given more at once
_CROP = 900  # longest side in pixels
_LONGEST_REVIEWER = 64

_COUNT = {"type": "integer", "minimum": 1, "maximum": GRID, "description": "How many; 1 by default."}
_REVIEWER = {
    "type": "string",
    "maxLength": _LONGEST_REVIEWER,
    "description": "Any word; made up if missing.",
}
_IDS = {"type": "array", "items": ID, "maxItems": GRID, "description": "Ids of records."}
_REASONS: tuple[Reason, ...] = get_args(Reason)
_REASON = {"enum": ["", *_REASONS], "description": "Only readings that need a person for this reason."}
_ORDER = {"enum": ["", "unsure"], "description": "unsure: the least sure first; newest first by default."}
_DIGIT = {"type": "string", "pattern": "^[0-9]$", "description": "Only readings of this one digit."}


@blueprint.get("")
@route(
    operation=operation(
        content("What is to be reviewed.", ref("Waiting"), HTML_TYPE),
        *(400, 404, 410, 503),
        parameters=[parameter("record", "query", ID, "A record to show; may be repeated up to 40 times.")],
    )
)
def page() -> AnyResponse:
    """How many readings are to be reviewed, and the named records.

    This does not reserve any reading: see POST /review/next.
    """
    try:
        cards, left = _cards(), review.remaining(service.store)
    except StoreUnavailable as error:
        if wanted() == "json":
            raise
        return Response(render_template("review_away.html", words=str(error)), 503)
    about = {"reviewer": _reviewer(request.args), "last": request.args.get("last", ""), "queue": _queue(request.args)}
    return answer(
        html=lambda: render_template("review.html", cards=cards, left=left, **about),
        json=lambda: {"waiting": left.count, "more": left.more, "readings": [card.to_dict() for card in cards]},
        text="html",
    )


@blueprint.post("/next")
@route(
    operation=operation(
        content("What was given.", ref("Given")),
        *(400, 503),
        form=form(count=_COUNT, reviewer=_REVIEWER, keep=_IDS, digit=_DIGIT, reason=_REASON, order=_ORDER),
        see_other=True,
    )
)
def give() -> AnyResponse:
    """Reserve readings for a person for two minutes.

    Form fields, all optional: `count` (1 by default), `reviewer` (made up if missing), `keep` (ids of reserved readings
    that stay reserved), `digit` (only readings of this one digit). `reason` and `order` choose among the newest 200.
    """
    count = whole(request.form.get("count", "1"), 1, GRID)
    if count is None:
        raise BadRequest(f"`count` is a number from 1 to {GRID}.")
    return _give(_reviewer(request.form), count, _ids("keep"), _digit(request.form.get("digit")))


@blueprint.post("/release")
@route(
    operation=operation(
        content("What is free again.", {"type": "object", "properties": {"released": _IDS}}),
        *(400, 503),
        form=form("record", record=_IDS, reviewer=_REVIEWER),
    )
)
def release() -> Response:
    """End reservations, as a page does that is left: others may be given these readings.

    Form fields: `record` (ids), `reviewer` (who had them reserved).
    """
    ids = _ids("record")
    review.release(service.store, _reviewer(request.form), ids)
    return as_json({"released": [str(each) for each in ids]})


@blueprint.post("/answer", endpoint="answer")
@route(
    operation=operation(
        content("The label that was kept.", ref("Kept")),
        *(400, 404, 410, 503),
        form=form("record", "number", record=ID, number=TYPED, reviewer=_REVIEWER, keep=_IDS),
        see_other=True,
    )
)
def answer_one() -> AnyResponse:
    """Label a reading.

    Form fields: `record`, `number` (empty: the picture shows none). A browser is given the next reading, as by
    POST /review/next.
    """
    if "number" not in request.form:
        raise BadRequest("The form field `number` is missing. Leave it empty where the picture shows none.")
    label = service.label(request.form.get("record", ""), request.form["number"], caller())
    note("record", str(label.id))
    return answer(
        html=lambda: _give(_reviewer(request.form), 1, _ids("keep"), None, last=label.label_of),
        json=lambda: label.to_dict() | stored(label),
        text="json",
    )


@blueprint.post("/skip")
@route(
    operation=operation(
        content("What was skipped.", ref("Skipped")),
        *(400, 404, 410, 503),
        form=form("record", record=ID, reviewer=_REVIEWER, keep=_IDS),
        see_other=True,
    )
)
def skip() -> AnyResponse:
    """Skip a reading: nobody is given it for ten minutes.

    Form fields: `record`, `reviewer` (who had it reserved). A browser is given the next reading.
    """
    record, who = service.record(request.form.get("record", "")), _reviewer(request.form)
    review.skip(service.store, who, record.id)
    return answer(html=lambda: _give(who, 1, _ids("keep"), None), json=lambda: {"skipped": str(record.id)}, text="json")


@blueprint.get("/grid")
@route()
def grid() -> str:
    """The page of the grid: the digits to choose from, or the named readings."""
    digit = _digit(request.args.get("digit"))
    try:
        older = UUID(request.args["older"]) if "older" in request.args else None
        looked = Record(older, "", "", "upload").record_time if older else None
    except (ValueError, OverflowError):
        raise BadRequest("`older` is the id of a record.") from None
    reviewer = _reviewer(request.args)
    cards = _cards()
    waiting = None if cards else review.waiting_digits(service.store)
    about = {"digit": digit, "reviewer": reviewer, "looked": looked, "waiting": waiting}
    return render_template("review_grid.html", cards=cards, **about)


@blueprint.post("/grid")
@route(
    operation=operation(
        content("The labels that were kept.", {"type": "array", "items": ref("Kept")}),
        *(400, 404, 410, 503),
        form=form("digit", "record", digit=_DIGIT, record=_IDS, wrong=_IDS, reviewer=_REVIEWER),
        see_other=True,
    )
)
def answer_grid() -> AnyResponse:
    """Confirm many readings of the same digit.

    Form fields: `digit`, `record` (ids that were checked), `wrong` (those among them that show something else, and are
    not confirmed). A browser goes on to the review of the wrong ones, or to the next forty.
    """
    digit, who = _digit(request.form.get("digit")), _reviewer(request.form)
    if digit is None:
        raise BadRequest("`digit` must be one of 0 to 9.")
    wrong = _ids("wrong")
    right = [record for record in _ids("record") if record not in wrong]
    labels: list[Record] = []
    try:
        for record in right:
            labels.append(service.label(str(record), digit, caller()))
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error} The first {len(labels)} of {len(right)} are confirmed.") from error
    return answer(
        html=lambda: tell(
            _give(who, len(wrong), wrong, None) if wrong else _give(who, GRID, [], digit), labels=len(labels)
        ),
        json=lambda: [label.to_dict() | stored(label) for label in labels],
        text="json",
    )


@blueprint.get("/<record_id>/crop")
@route(
    operation=operation(
        JPEG,
        *(404, 410, 503),
        parameters=[parameter("marked", "query", {"enum": ["no", "yes"]}, "With a box around the number.")],
    )
)
def crop(record_id: str) -> Response:
    """The crop of a record's number with a margin, as a JPEG; the whole picture where no number was found.

    `marked`: with a box around the number.
    """
    record = service.record(record_id)
    if record.reading is None:
        raise NotFound(f"Record {record.id} has no reading.")
    number, page = Card.of(record, []).number, record.reading.page
    part = surroundings(number) if number else None
    marked = number.box if number and request.args.get("marked") == "yes" else None
    data = service.look(record, lambda data: preview(data, _CROP, page, part, marked))
    etag = f"{record.id}-crop{'-marked' if marked else ''}"
    return send_picture(data, f"{record.image_name}.jpg", etag=etag, max_age=YEAR)


def _queue(given: MultiDict[str, str]) -> review.Queue:
    reason, order = given.get("reason") or None, given.get("order", "")
    if reason not in (None, *_REASONS):
        raise BadRequest(f"`reason` must be one of {', '.join(_REASONS)}.")
    if order not in ("", "unsure"):
        raise BadRequest("`order` must be `unsure` or empty.")
    return review.Queue(reason and _REASONS[_REASONS.index(reason)], order == "unsure")


def _give(who: str, count: int, keep: list[UUID], digit: str | None, last: UUID | None = None) -> AnyResponse:
    queue = _queue(request.form)
    given = review.claim(service.store, who, count, keep, digit, queue)
    ids = [str(record.id) for record in given.records]
    order = "unsure" if queue.least_sure_first else None
    page = (
        url_for("review.page", reviewer=who, record=ids, last=last, reason=queue.reason, order=order)
        if digit is None
        else url_for("review.grid", digit=digit, reviewer=who, record=ids, older=given.older)
    )
    return answer(
        html=lambda: redirect(page, 303),
        json=lambda: {
            "reviewer": who,
            "readings": [Card.of(record, []).to_dict() for record in given.records],
            "older": str(given.older) if given.older else None,
        },
        text="json",
    )


def _cards() -> list[Card]:
    """The readings that the query names, with their labels."""
    named = request.args.getlist("record")
    if len(named) > GRID:
        raise BadRequest(f"At most {GRID} records can be named at once.")
    records = [service.record(record_id) for record_id in dict.fromkeys(named)]
    return [Card.of(record, service.store.labels(record.id)) for record in records if record.reading]


def _ids(field: str) -> list[UUID]:
    named = request.form.getlist(field)
    if len(named) > GRID:
        raise BadRequest(f"`{field}` may be repeated at most {GRID} times.")
    try:
        return [UUID(record_id) for record_id in dict.fromkeys(named)]
    except ValueError:
        raise BadRequest(f"`{field}` is the id of a record.") from None


def _digit(given: str | None) -> str | None:
    if given and given not in tuple("0123456789"):
        raise BadRequest("`digit` must be one of 0 to 9.")
    return given or None


def _reviewer(form: MultiDict[str, str]) -> str:
    given = form.get("reviewer", "")
    if len(given) > _LONGEST_REVIEWER:
        raise BadRequest(f"`reviewer` has at most {_LONGEST_REVIEWER} characters.")
    return given or review.new_reviewer()
