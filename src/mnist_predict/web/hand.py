"""`/uploads/record`: a number recorded by hand; also how a page's reader confirms or corrects a reading."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from mnist_predict.web.answers import as_json, as_text, wanted
from mnist_predict.web.incoming import sent_picture
from mnist_predict.web.journal import note
from mnist_predict.web.measured import MeasuredService
from mnist_predict.web.stored import stored, stored_lines

blueprint = Blueprint("hand", __name__)


@blueprint.get("/uploads/record")
def page() -> str:
    """The page to record a number by hand."""
    return render_template("hand.html", image_name=request.args.get("image_name", ""))


@blueprint.post("/uploads/record")
def record() -> Response:
    """Keep a number that a person read.

    Form fields: `number`, and either `record` (the id of what it labels) or `image_name`, with the picture
    in `file` where it is not kept yet.
    """
    service: MeasuredService = current_app.extensions["service"]
    number = "".join(request.form.get("number", "").split())
    labelled = request.form.get("record", "")
    if labelled:
        kept = service.label(labelled, number)
    else:
        name, data = sent_picture() or ("", None)
        kept = service.record_by_hand(request.form.get("image_name", "") or name, number, data)
    note("record", str(kept.id))
    form = wanted()
    if form == "html":
        response: Response = redirect(url_for("records.show", record_id=kept.label_of or kept.id), 303)
    elif form == "json":
        response = as_json(kept.to_dict() | stored(kept))
    else:
        see = url_for("records.show", record_id=kept.id, _external=True)
        response = as_text([f"recorded: {kept.number}", f"record: {kept.id}", *stored_lines(kept), f"see: {see}"])
    response.vary.add("Accept")
    return response
