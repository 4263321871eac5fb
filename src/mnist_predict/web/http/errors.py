"""One handler for all errors, in plain words and in the format that the client wants."""

import traceback

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from mnist_predict.errors import SignInNeeded, TooMany, UserError
from mnist_predict.vision.load.picture import MAX_BYTES
from mnist_predict.web.http.negotiation import answer, wanted
from mnist_predict.web.telemetry.journal import note

_WORDS = {
    400: "This request is malformed.",
    404: "There is nothing at this address.",
    405: "This address does not support that method.",
    413: f"This is too large. A picture may have at most {MAX_BYTES // 1_000_000} MB.",
    500: "Something went wrong in the service. It has been logged; please try again.",
}
_SIGNED_OUT = "You are not signed in any more, so nothing was saved. Sign in, in another tab, and try again."
_RETRY_SECONDS = 5  # a lock, a full disk or a restarting store may be over soon


def answer_error(error: Exception) -> AnyResponse:
    """The answer to any exception of a view; unexpected exceptions are logged with their traceback."""
    headers: dict[str, str] = {}
    field = error.field if isinstance(error, UserError) else None
    if isinstance(error, UserError):
        status, words = error.status, str(error)
    elif isinstance(error, HTTPException) and error.code is not None:
        status, words = error.code, _WORDS.get(error.code, error.description or error.name)
        headers = {name: value for name, value in error.get_headers() if name == "Allow"}
    else:
        status, words = 500, _WORDS[500]
        note("error", "".join(traceback.format_exception(error)))
    if status == 503:
        note("error", words)
        headers["Retry-After"] = str(_RETRY_SECONDS)
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.seconds)
    if isinstance(error, SignInNeeded):
        headers["WWW-Authenticate"] = "Bearer"
        if wanted() == "html" and request.method == "GET":
            return redirect(url_for("signin.page", next=request.full_path.rstrip("?")))
        if _is_of_a_browser():
            words = _SIGNED_OUT
    response = answer(
        html=lambda: render_template("error.html", status=status, words=words),
        json=lambda: {"error": words, "status": status} | ({"field": field} if field else {}),
        text=lambda: [words],
        status=status,
    )
    response.headers.extend(headers)
    return response


def _is_of_a_browser() -> bool:
    """Whether a page asked, so that its reader has a session rather than a token to send."""
    return "Authorization" not in request.headers and (wanted() == "html" or "Sec-Fetch-Site" in request.headers)
