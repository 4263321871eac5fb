"""`/uploads/record`: a number recorded by hand; also how a page's reader confirms or corrects a reading."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from mnist_predict.errors import BadRequest, StoreUnavailable
from mnist_predict.store.record import Record
from mnist_predict.web.current import service
from mnist_predict.web.http.access import caller
from mnist_predict.web.http.incoming import sent_picture
from mnist_predict.web.http.negotiation import as_json, as_text, wanted
from mnist_predict.web.http.pasted import parse
from mnist_predict.web.presenters.stored import stored, stored_lines
from mnist_predict.web.telemetry.journal import note

blueprint = Blueprint("hand", __name__)


@blueprint.get("/uploads/record")
def page() -> str:
    """The page to record a number by hand."""
    return render_template("hand.html", image_name=request.args.get("image_name", ""))


@blueprint.post("/uploads/record")
def record() -> AnyResponse:
    """Keep a number that a person read.

    Form fields: `number`, and either `record` (the id of what it labels; an empty number then says that there is
    none) or `image_name`, with the picture in `file` where it is not kept yet. Or `lines`: an image name and a
    number on each.
    """
    if "lines" in request.form:
        return _record_lines(request.form["lines"])
    number = "".join(request.form.get("number", "").split())
    labelled = request.form.get("record", "")
    if labelled:
        if "number" not in request.form:
            raise BadRequest("The form field `number` is missing. Leave it empty where the picture shows none.")
        kept = service.label(labelled, number, caller())
    else:
        name, data = sent_picture() or ("", None)
        kept = service.record_by_hand(request.form.get("image_name", "") or name, number, data, caller())
    note("record", str(kept.id))
    form = wanted()
    if form == "html":
        response: AnyResponse = redirect(url_for("records.show", record_id=kept.label_of or kept.id), 303)
    elif form == "json":
        response = as_json(kept.to_dict() | stored(kept))
    else:
        see = url_for("records.show", record_id=kept.id, _external=True)
        recorded = f"recorded: {kept.number or 'no number'}"
        response = as_text([recorded, f"record: {kept.id}", *stored_lines(kept), f"see: {see}"])
    response.vary.add("Accept")
    return response


def _record_lines(lines: str) -> AnyResponse:
    form = wanted()
    try:
        pairs = parse(lines)
    except BadRequest as error:
        if form != "html":
            raise
        return Response(render_template("hand.html", image_name="", lines=lines, mistake=str(error)), 400)
    kept: list[Record] = []
    try:
        for name, number in pairs:
            kept.append(service.record_by_hand(name, number, by=caller()))
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error} The first {len(kept)} of {len(pairs)} lines are kept.") from error
    if form == "html":
        response: AnyResponse = redirect(url_for("records.newest"), 303)
    elif form == "json":
        response = as_json([record.to_dict() | stored(record) for record in kept])
    else:
        response = as_text([f"{record.image_name}\t{record.number}" for record in kept])
    response.vary.add("Accept")
    return response
