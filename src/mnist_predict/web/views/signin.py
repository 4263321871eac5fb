"""`/signin`: a person signs in with their token, and out."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from mnist_predict.web.http import access
from mnist_predict.web.http.access import name_of
from mnist_predict.web.http.routes import route
from mnist_predict.web.http.safety import local_path

blueprint = Blueprint("signin", __name__)


@blueprint.get("/signin")
@route(public=True)
def page() -> Response | str:
    """The page to sign in."""
    return render_template("signin.html", next=local_path(request.args.get("next", ""), url_for("uploads.page")))


@blueprint.post("/signin")
@route(public=True)
def sign_in() -> Response | tuple[str, int]:
    """Sign in with the form field `token`; then on to `next`."""
    then = local_path(request.form.get("next", ""), url_for("uploads.page"))
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
