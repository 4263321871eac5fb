"""The next page tells what was done: how many of what, in a cookie that lasts until then."""

from urllib.parse import parse_qs, urlencode

from flask import Response, g, request
from werkzeug.wrappers import Response as AnyResponse

from mnist_predict.typed import whole
from mnist_predict.web.presenters.words import done

_COOKIE = "told"
_SECONDS = 60
_MOST = 1_000_000


def tell(response: AnyResponse, **counts: int) -> AnyResponse:
    """Have the next page tell what was done; the names of the counts are those of `words.done`."""
    response.set_cookie(_COOKIE, urlencode(counts), max_age=_SECONDS, httponly=True, samesite="Lax")
    return response


def told() -> str | None:
    """What this page tells, in words; None: nothing. Only counts are taken from the cookie, never words."""
    given = {name: whole(values[0], 0, _MOST) for name, values in parse_qs(request.cookies.get(_COOKIE, "")).items()}
    if not given:
        return None
    g.told = True
    return done({name: count for name, count in given.items() if count is not None})


def forget_told(response: Response) -> Response:
    """After a request: what a page has told is not told again."""
    if g.get("told"):
        response.delete_cookie(_COOKIE, httponly=True, samesite="Lax")
    return response
