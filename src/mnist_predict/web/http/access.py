"""Access: where tokens are set, every route that is not public needs one.

Programs send it with each request (`Authorization: Bearer ...`). People sign in once and get a cookie, which is
signed with a key made of the tokens: every worker can check it, and a change of tokens ends all sessions. Signing out
ends a session on the server (`sessions`). Wrong tokens are limited to ten a minute for each client.
"""

from pathlib import Path
from secrets import token_urlsafe

from flask import Flask, current_app, g, request, session
from flask.sessions import SecureCookieSessionInterface

from mnist_predict.errors import SignInNeeded
from mnist_predict.web.browsers.sessions import EndedSessions
from mnist_predict.web.http.limits import TokenBucket
from mnist_predict.web.http.routes import route_of
from mnist_predict.web.telemetry.journal import note
from mnist_predict.web.tokens import Tokens

_GUESSES = 10  # a minute


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie, marked secure where the request came by TLS."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the cookie is sent over TLS only."""
        return request.is_secure


def protect(app: Flask, setting: str, counts: str, data: str) -> None:
    """Have `app` ask for the tokens of the setting; empty: for none.

    `counts`: the file of the rate limits; `data`: the folder that lasts, for sessions that were ended.
    """
    tokens = Tokens.of(setting)
    app.extensions["tokens"] = tokens
    app.extensions["guesses"] = TokenBucket("guesses", _GUESSES, counts)
    app.config.update(
        SECRET_KEY=tokens.key if tokens.names else None,
        SESSION_REFRESH_EACH_REQUEST=False,
        SESSION_COOKIE_NAME="mnist_predict",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
    )
    app.session_interface = Sessions()
    lasts = app.permanent_session_lifetime.total_seconds()
    app.extensions["ended"] = EndedSessions(Path(data) / "sessions.sqlite", lasts)
    if tokens.names:
        app.before_request(ask)


def ask() -> None:
    """Before a request: raises `SignInNeeded` without a token or a session."""
    if route_of(current_app, request.endpoint).public:
        return
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    who = name_of(token.strip()) if kind.lower() == "bearer" else _signed_in()
    if who is None:
        raise SignInNeeded("This service needs a token: curl -H 'Authorization: Bearer YOUR-TOKEN', or sign in.")
    g.who = who
    note("who", who)


def sign_in(who: str) -> None:
    """Begin a session of this browser."""
    session.permanent = True
    session.update(who=who, id=token_urlsafe(16))


def sign_out() -> None:
    """End the session of this browser, also for who has a copy of its cookie. Raises `StoreUnavailable`."""
    if "id" in session:
        ended: EndedSessions = current_app.extensions["ended"]
        ended.end(session["id"])
        session.clear()


def _signed_in() -> str | None:
    if "id" not in session:
        return None
    ended: EndedSessions = current_app.extensions["ended"]
    return None if ended.is_ended(session["id"]) else session.get("who")


def caller() -> str | None:
    """Who sent this request, by the name of their token; None where no token is needed."""
    who: str | None = g.get("who")
    return who


def name_of(token: str) -> str | None:
    """Whose token it is, None for a wrong one; raises `TooMany` for a client that sent too many wrong ones.

    The right token is never limited: people behind one address do not lock each other out.
    """
    tokens: Tokens = current_app.extensions["tokens"]
    name = tokens.name_of(token)
    if name is None:
        guesses: TokenBucket = current_app.extensions["guesses"]
        guesses.take(request.remote_addr or "", "Too many wrong tokens.")
    return name
