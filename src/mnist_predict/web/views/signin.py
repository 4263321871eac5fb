"""`/signin`: a person signs in with their token, and out."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from mnist_predict.web.http import access
from mnist_predict.web.http.access import name_of
from mnist_predict.web.http.routes import route

blueprint = Blueprint("signin", __name__)


@blueprint.get("/signin")
@route(public=True)
def page() -> Response | str:
    """The page to sign in."""
    return render_template("signin.html", next=_local(request.args.get("next", "")))


@blueprint.post("/signin")
@route(public=True)
def sign_in() -> Response | tuple[str, int]:
    """Sign in with the form field `token`; then on to `next`."""
    then = _local(request.form.get("next", ""))
    who = name_of(request.form.get("token", "").strip())
    if who is None:
        return render_template("signin.html", next=then, mistake="This is not a valid token."), 401
    access.sign_in(who)
    return redirect(then, 303)


@blueprint.post("/signout")
@route()
def sign_out() -> Response:
    """End the session of this browser."""
    access.sign_out()
    return redirect(url_for("signin.page"), 303)


def _local(path: str) -> str:
    """The path if it is one of this service, else that of the upload page."""
    local = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if local else url_for("uploads.page")
