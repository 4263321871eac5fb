"""`/review`: the readings that most need a person, one by one.

A reading is leased to one person by a POST, which redirects a browser to a page with the leased readings. That page is
a plain form; review.js fetches such pages ahead and shows their cards one by one.
"""

from collections.abc import Sequence
from typing import Any, get_args
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from mnist_predict import review
from mnist_predict.errors import BadRequest, StoreUnavailable
from mnist_predict.store.reasons import Reason
from mnist_predict.typed import whole
from mnist_predict.web.browsers.told import tell
from mnist_predict.web.current import inbox, service
from mnist_predict.web.http.access import caller
from mnist_predict.web.http.negotiation import answer, as_json, wanted
from mnist_predict.web.http.routes import route
from mnist_predict.web.http.safety import local_path
from mnist_predict.web.presenters.cards import Card
from mnist_predict.web.presenters.openapi import HTML_TYPE, content, form, operation, parameter
from mnist_predict.web.presenters.schemas import ID, TEXT, TYPED, ref
from mnist_predict.web.presenters.stored import stored
from mnist_predict.web.telemetry.journal import note

blueprint = Blueprint("review", __name__, url_prefix="/review")

GRID = 40  # readings on a page of the grid; nobody is given more at once
_LONGEST_REVIEWER = 64

_COUNT = {"type": "integer", "minimum": 1, "maximum": GRID, "description": "How many; 1 by default."}
REVIEWER = {
    "type": "string",
    "maxLength": _LONGEST_REVIEWER,
    "description": "Any word; made up if missing.",
}
IDS = {"type": "array", "items": ID, "maxItems": GRID, "description": "Ids of records."}
_REASONS: tuple[Reason, ...] = get_args(Reason)
_REASON = {"enum": ["", *_REASONS], "description": "Only readings that need a person for this reason."}
ORDERS: tuple[review.Order, ...] = get_args(review.Order)
_ORDER = {"enum": ["", *ORDERS], "description": "What would teach most comes first by default."}
DIGIT = {"type": "string", "pattern": "^[0-9]$", "description": "Only readings of this one digit."}


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
        cards, left = named_cards(), review.remaining(service.store)
        new_labels = inbox.new_labels()
    except StoreUnavailable as error:
        if wanted() == "json":
            raise
        return Response(render_template("review_away.html", words=str(error)), 503)
    about = {"reviewer": reviewer_of(request.args), "last": request.args.get("last", ""), "queue": _queue(request.args)}
    about |= {"new_labels": new_labels, "enough": review.ENOUGH, "confirmed": request.args.getlist("confirmed")}
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
        form=form(count=_COUNT, reviewer=REVIEWER, keep=IDS, digit=DIGIT, reason=_REASON, order=_ORDER),
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
    return give_readings(reviewer_of(request.form), count, ids_of("keep"), digit_of(request.form.get("digit")))


@blueprint.post("/release")
@route(
    operation=operation(
        content("What is free again.", {"type": "object", "properties": {"released": IDS}}),
        *(400, 503),
        form=form("record", record=IDS, reviewer=REVIEWER),
    )
)
def release() -> Response:
    """End reservations, as a page does that is left: others may be given these readings.

    Form fields: `record` (ids), `reviewer` (who had them reserved).
    """
    ids = ids_of("record")
    review.release(service.store, reviewer_of(request.form), ids)
    return as_json({"released": [str(each) for each in ids]})


@blueprint.post("/answer", endpoint="answer")
@route(
    operation=operation(
        content("The label that was kept.", ref("Kept")),
        *(400, 404, 410, 503),
        form=form("record", "number", record=ID, number=TYPED, reviewer=REVIEWER, keep=IDS),
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
        html=lambda: give_readings(reviewer_of(request.form), 1, ids_of("keep"), None, last=label.id),
        json=lambda: label.to_dict() | stored(label),
        text="json",
    )


@blueprint.post("/skip")
@route(
    operation=operation(
        content("What was skipped.", ref("Skipped")),
        *(400, 404, 410, 503),
        form=form("record", record=ID, reviewer=REVIEWER, keep=IDS),
        see_other=True,
    )
)
def skip() -> AnyResponse:
    """Skip a reading: nobody is given it for ten minutes.

    Form fields: `record`, `reviewer` (who had it reserved). A browser is given the next reading.
    """
    record, who = service.record(request.form.get("record", "")), reviewer_of(request.form)
    review.skip(service.store, who, record.id)
    inbox.skip(caller(), record.id)
    return answer(
        html=lambda: give_readings(who, 1, ids_of("keep"), None), json=lambda: {"skipped": str(record.id)}, text="json"
    )


@blueprint.post("/undo")
@route(
    operation=operation(
        content("The labels that say so.", {"type": "array", "items": ref("Kept")}),
        *(400, 404, 410, 503),
        form=form("label", label=IDS, digit=DIGIT, reviewer=REVIEWER, next=TEXT),
        see_other=True,
    )
)
def undo() -> AnyResponse:
    """Take labels back, by appending labels that say so: what was said before counts again.

    Form fields: `label` (ids of labels). Readings that need a person wait again, and a browser is given them; with
    `digit` in the grid. `next`: the path that it is sent to instead.
    """
    withdrawn = [service.withdraw(str(label), caller()) for label in ids_of("label")]
    records = [label.label_of for label in withdrawn if label.label_of]

    def html() -> AnyResponse:
        digit, then = digit_of(request.form.get("digit")), local_path(request.form.get("next", ""), "")
        if then:
            return tell(redirect(then, 303), withdrawn=len(withdrawn))
        given = give_readings(reviewer_of(request.form), len(records), records, digit, named=records)
        return tell(given, withdrawn=len(withdrawn))

    return answer(html=html, json=lambda: [label.to_dict() | stored(label) for label in withdrawn], text="json")


def _queue(given: MultiDict[str, str]) -> review.Queue:
    reason, order = given.get("reason") or None, given.get("order") or "teaching"
    if reason not in (None, *_REASONS):
        raise BadRequest(f"`reason` must be one of {', '.join(_REASONS)}.")
    if order not in ORDERS:
        raise BadRequest(f"`order` must be one of {', '.join(ORDERS)}.")
    return review.Queue(reason and _REASONS[_REASONS.index(reason)], ORDERS[ORDERS.index(order)])


def give_readings(
    who: str,
    count: int,
    keep: list[UUID],
    digit: str | None,
    last: UUID | None = None,
    confirmed: Sequence[UUID] = (),
    named: Sequence[UUID] = (),
) -> AnyResponse:
    """Lease readings to a person, and send a browser to the page that shows them, and those that are `named`.

    `last` and `confirmed`: labels that they may take back there.
    """
    queue = _queue(request.form)
    second = inbox.second_look(caller()) if digit is None and len(keep) < count else None
    given = review.claim(service.store, who, count - (second is not None), keep, digit, queue)
    records = [*([second] if second else []), *given.records]
    ids = list(dict.fromkeys([*map(str, named), *(str(record.id) for record in records)]))
    about: dict[str, Any] = {"reviewer": who, "record": ids, "confirmed": confirmed or None}
    if digit is None:
        order = None if queue.order == "teaching" else queue.order
        of_two = second.id if second else None
        page = url_for("review.page", **about, second=of_two, last=last, reason=queue.reason, order=order)
    else:
        page = url_for("grid.page", digit=digit, **about, older=given.older)
    return answer(
        html=lambda: redirect(page, 303),
        json=lambda: {
            "reviewer": who,
            "readings": [Card.of(record, []).to_dict() for record in records],
            "older": str(given.older) if given.older else None,
        },
        text="json",
    )


def named_cards() -> list[Card]:
    """The readings that the query names, with their labels; without, where it asks for a second opinion."""
    named = request.args.getlist("record")
    if len(named) > GRID:
        raise BadRequest(f"At most {GRID} records can be named at once.")
    records = [service.record(record_id) for record_id in dict.fromkeys(named)]
    second = request.args.getlist("second")
    return [
        Card(record, None, True) if str(record.id) in second else Card.of(record, service.store.labels(record.id))
        for record in records
        if record.reading
    ]


def ids_of(field: str) -> list[UUID]:
    """The ids in a form field that may be repeated."""
    named = request.form.getlist(field)
    if len(named) > GRID:
        raise BadRequest(f"`{field}` may be repeated at most {GRID} times.")
    try:
        return [UUID(record_id) for record_id in dict.fromkeys(named)]
    except ValueError:
        raise BadRequest(f"`{field}` is the id of a record.") from None


def digit_of(given: str | None) -> str | None:
    """A digit, None where it is empty; raises `BadRequest`."""
    if given and given not in tuple("0123456789"):
        raise BadRequest("`digit` must be one of 0 to 9.")
    return given or None


def reviewer_of(form: MultiDict[str, str]) -> str:
    """Who reviews, by the word in that field; a new one where it is empty. Raises `BadRequest`."""
    given = form.get("reviewer", "")
    if len(given) > _LONGEST_REVIEWER:
        raise BadRequest(f"`reviewer` has at most {_LONGEST_REVIEWER} characters.")
    return given or review.new_reviewer()
