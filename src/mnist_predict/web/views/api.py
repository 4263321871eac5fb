"""`/api`: the description of the HTTP interface, for people to try and for programs."""

from importlib.metadata import version
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request

from mnist_predict.web.http.negotiation import as_json
from mnist_predict.web.http.routes import route
from mnist_predict.web.presenters.openapi import content, describe, operation

blueprint = Blueprint("api", __name__, url_prefix="/api")

EXAMPLES = (("Shell", "shell"), ("Python", "python"), ("JavaScript", "javascript"))


@blueprint.get("")
@route()
def page() -> str:
    """The page with all operations, to be tried out, and examples."""
    about = _description()
    operations = [
        (method.upper(), path, operation)
        for path, methods in about["paths"].items()
        for method, operation in methods.items()
    ]
    examples = [
        (title, render_template(f"examples/{name}.txt", here=request.host_url.rstrip("/"))) for title, name in EXAMPLES
    ]
    return render_template("api.html", operations=operations, examples=examples)


@blueprint.get("/openapi.json")
@route(operation=operation(content("This description.", {"type": "object"})))
def description() -> Response:
    """This description, as OpenAPI 3.1."""
    return as_json(_description())


def _description() -> dict[str, Any]:
    return describe(current_app, request.host_url.rstrip("/"), version("mnist-predict"))
