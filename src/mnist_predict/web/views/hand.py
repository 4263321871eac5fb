"""`/uploads/record`: records a number by hand, or labels a record."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from mnist_predict.errors import BadRequest, StoreUnavailable, UserError
from mnist_predict.store.record import Record
from mnist_predict.typed import whole
from mnist_predict.web.browsers.told import tell
from mnist_predict.web.current import service
from mnist_predict.web.http.access import caller
from mnist_predict.web.http.incoming import sent_picture
from mnist_predict.web.http.negotiation import answer, wanted
from mnist_predict.web.http.pasted import parse
from mnist_predict.web.http.routes import route
from mnist_predict.web.http.safety import local_path
from mnist_predict.web.presenters.openapi import HTML_TYPE, TEXT_TYPE, content, form, operation
from mnist_predict.web.presenters.schemas import ID, ONE_OR_MANY, PICTURE_FILE, TEXT, TYPED
from mnist_predict.web.presenters.stored import stored, stored_lines
from mnist_predict.web.telemetry.journal import note

blueprint = Blueprint("hand", __name__)

_OF_NUMBER = {"type": "integer", "minimum": 0, "description": "Which number of the record; its primary by default."}
_LINES = TEXT | {"description": "An image name and a number on each line, as CSV."}


@blueprint.get("/uploads/record")
@route()
def page() -> str:
    """The page for recording a number by hand."""
    return render_template("hand.html", image_name=request.args.get("image_name", ""))


@blueprint.post("/uploads/record")
@route(
    limited=True,
    operation=operation(
        content("What was kept.", ONE_OR_MANY, TEXT_TYPE, HTML_TYPE),
        *(400, 404, 410, 413, 415, 422, 429, 503),
        form=form(
            number=TYPED, image_name=TEXT, record=ID, of_number=_OF_NUMBER, file=PICTURE_FILE, lines=_LINES, next=TEXT
        ),
        see_other=True,
    ),
)
def record() -> AnyResponse:
    """Record a number that a person read.

    Form fields: `number`, and either `record` (the id of the record to label; its number may be empty: the picture
    shows none) or `image_name`, with the picture in `file` if it is not kept yet. Or `lines`: an image name and a
    number on each line. `of_number`: the index of the record's number that is meant, by default its primary one.
    `next`: the path that a browser is sent to, the record's page by default.
    """
    if "lines" in request.form:
        return _record_lines(request.form["lines"])
    number = request.form.get("number", "")
    labelled = request.form.get("record", "")
    if labelled:
        if "number" not in request.form:
            raise BadRequest("The form field `number` is missing. Leave it empty where the picture shows none.")
        kept = service.label(labelled, number, caller(), _of_number())
    else:
        try:
            name, data = sent_picture() or ("", None)
            name = request.form.get("image_name", "") or name
            if not name:
                raise BadRequest("There is no image name. Type one, or choose a picture, which has one.")
            kept = service.record_by_hand(name, number, data, caller())
        except UserError as error:
            if wanted() != "html" or isinstance(error, StoreUnavailable):
                raise
            return _form_again(error)
    note("record", str(kept.id))
    page = url_for("records.show", record_id=kept.label_of or kept.id)
    counts = {"labels": 1} if kept.label_of else {"recorded": 1}
    return answer(
        html=lambda: tell(redirect(local_path(request.form.get("next", ""), page), 303), **counts),
        json=lambda: kept.to_dict() | stored(kept),
        text=lambda: [
            f"recorded: {kept.written or 'no number'}",
            f"record: {kept.id}",
            *stored_lines(kept),
            f"see: {url_for('records.show', record_id=kept.id, _external=True)}",
        ],
    )


def _of_number() -> int | None:
    text = request.form.get("of_number", "")
    at = whole(text, 0, 1_000_000)
    if text and at is None:
        raise BadRequest("`of_number` is the index of a number, from 0.")
    return at


def _form_again(error: UserError) -> Response:
    """The page with what was filled in and, beside it, what is wrong."""
    filled_in = {name: request.form[name] for name in ("number", "image_name", "lines") if name in request.form}
    return Response(render_template("hand.html", **filled_in, mistake=str(error)), error.status)


def _record_lines(lines: str) -> AnyResponse:
    try:
        pairs = parse(lines)
    except BadRequest as error:
        if wanted() != "html":
            raise
        return _form_again(error)
    kept: list[Record] = []
    try:
        for name, number in pairs:
            kept.append(service.record_by_hand(name, number, by=caller()))
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error} The first {len(kept)} of {len(pairs)} lines are kept.") from error
    labels = sum(record.label_of is not None for record in kept)
    return answer(
        html=lambda: tell(redirect(url_for("records.newest"), 303), recorded=len(kept), labels=labels),
        json=lambda: [record.to_dict() | stored(record) for record in kept],
        text=lambda: [f"{record.image_name}\t{record.written}" for record in kept],
    )
