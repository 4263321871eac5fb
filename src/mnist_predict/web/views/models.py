"""`/models`: the versions in the store, what each was learned from and how it was measured; promote and roll back."""

import shlex
from contextlib import closing
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from mnist_predict.beside import Beside, versions_beside
from mnist_predict.champion import named, overview, promote, roll_back, standing, verdict, why_not
from mnist_predict.errors import NotFound
from mnist_predict.models.registry import open_version
from mnist_predict.review import ENOUGH, labels_since
from mnist_predict.web.current import service
from mnist_predict.web.http.access import caller
from mnist_predict.web.http.negotiation import answer
from mnist_predict.web.http.routes import route
from mnist_predict.web.presenters.openapi import HTML_TYPE, content, form, operation
from mnist_predict.web.presenters.schemas import TEXT, ref

blueprint = Blueprint("models", __name__, url_prefix="/models")

_MOST = 24  # pictures that changed which are shown, in each direction
TITLES = {
    "mnist": "MNIST, held-out part",
    "corrections": "Corrections held out",
    "pages": "Numbers on pages",
    "nothing": "Without a number, taken for none",
    "test": "MNIST test set (decides nothing)",
}


@blueprint.get("")
@route(operation=operation(content("The versions.", ref("Models"), HTML_TYPE), 503))
def page() -> AnyResponse:
    """All versions with their aliases, and how many new labels there are to learn from."""
    rows = overview(service.store)
    history = service.store.assignments(20)
    learned = (version.id for version in service.store.versions() if version.about.get("learned"))
    new = labels_since(service.store, next(learned, None))

    def html() -> str:
        about = {"rows": rows, "history": history, "new": new, "enough": ENOUGH}
        about |= {"standing": standing(service.store), "trouble": _trouble(), "pinned": service.follower is None}
        about["can_learn"] = find_spec("torch") is not None
        return render_template("models.html", command=_command(), **about)

    def payload() -> dict[str, Any]:
        told = [one.to_dict() for one in history]
        return {"versions": rows, "history": told, "new_labels": new.count, "reading": service.model_version}

    return answer(html=html, json=payload, text="json")


@blueprint.get("/<version>")
@route(operation=operation(content("The version.", ref("Model"), HTML_TYPE), 404, 503))
def show(version: str) -> AnyResponse:
    """What a version was learned from, and how the gate measured it beside the champion of then."""
    name = named(service.store, version)
    kept = next((each for each in service.store.versions() if each.name == name), None)
    if kept is None and name != open_version().name:
        raise NotFound(f"The model version {name} is not in the store.")
    now = standing(service.store)
    about = kept.about if kept else open_version().learned

    def html() -> str:
        gate = about.get("gate")
        changed = {} if gate is None else {kind: _records(ids) for kind, ids in gate.get("changed", {}).items()}
        return render_template(
            "model.html",
            name=name,
            kept=kept,
            learned=about.get("learned"),
            gate=gate,
            verdict=verdict(about),
            titles=TITLES,
            changed=changed,
            refusal=why_not(kept, now.reading) if kept else None,
            is_champion=name == now.reading,
            is_previous=name == now.previous,
            beside=_beside(name),
            shadows=service.settings.shadow if name == now.candidate else 0,
        )

    return answer(html=html, json=lambda: {"name": name, "reading": name == now.reading, **about}, text="json")


@blueprint.post("/<version>/promote")
@route(
    operation=operation(
        content("What was changed.", ref("Assignment")),
        *(400, 404, 409, 503),
        form=form(reason=TEXT | {"description": "Why."}, force=TEXT | {"description": "Why, if it has not passed."}),
        see_other=True,
    )
)
def promotion(version: str) -> AnyResponse:
    """Make a version the champion; the form's `force` is the reason why, if it has not passed."""
    force = request.form.get("force", "").strip()
    reason = force or request.form.get("reason", "").strip()
    done = promote(service.store, named(service.store, version), reason, caller(), bool(force))
    return answer(html=_back, json=done.to_dict, text="json")


@blueprint.post("/rollback")
@route(
    operation=operation(
        content("What was changed.", ref("Assignment")), *(404, 503), form=form(reason=TEXT), see_other=True
    )
)
def rollback() -> AnyResponse:
    """Make the previous champion the champion again."""
    done = roll_back(service.store, request.form.get("reason", "").strip(), caller())
    return answer(html=_back, json=done.to_dict, text="json")


def _back() -> AnyResponse:
    return redirect(url_for("models.page"), 303)


def _trouble() -> str | None:
    return service.follower.trouble if service.follower else None


def _beside(version: str) -> dict[str, Any] | None:
    """What a version read beside those that answered, and who was right; None where it read nothing so."""
    data = service.settings.data
    if version not in versions_beside(data):
        return None
    with closing(Beside(data, version)) as beside:
        difference = beside.difference(_MOST)
        told = asdict(difference) | asdict(beside.judged(service.store))
    return told | {"records": _records(list(difference.sample))}


def _records(ids: list[str | None]) -> list[Any]:
    """The records of readings that changed, apart from those that were erased since."""
    each_once = list(dict.fromkeys(record_id for record_id in ids if record_id))
    found = (service.store.get(UUID(record_id)) for record_id in each_once[:_MOST])
    return [record for record in found if record is not None]


def _command() -> str:
    store = service.settings.store
    named_so = f" --store {shlex.quote(store)}" if store and "@" not in store else ""
    return f"mnist-predict learn{named_so}"
