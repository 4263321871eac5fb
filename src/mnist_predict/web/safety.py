"""What keeps a browser safe: headers on every answer, and no writes for the pages of strangers.

The service has no log-in, and by default it listens where only this computer can reach it; but any web page
that its user visits can send a form to `http://localhost:4000` as well. Browsers say where a request comes
from: `Sec-Fetch-Site` (all current ones), else `Origin`, which must name the host that was asked. Programs
such as curl send neither and are let through: they act for nobody else. No token, no cookie, no state.
"""

from flask import Response, abort, request

PAGES = (
    "default-src 'none'; img-src 'self' blob:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PICTURES = "default-src 'none'; frame-ancestors 'none'; sandbox"

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # `no-referrer` would turn the Origin of our own forms into `null`
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def refuse_cross_site_writes() -> None:
    """Before each request: 403 when a browser sends it for another site's page."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        allowed = site in ("same-origin", "none")
    else:
        origin = request.headers.get("Origin")
        allowed = origin is None or origin.partition("://")[2] == request.host
    if not allowed:
        abort(403, "This came from the page of another site. Send it from the pages of this service.")


def add_headers(response: Response) -> Response:
    """After each request: the security headers; a view may have set a stricter policy."""
    headers = response.headers
    headers.extend(_HEADERS)
    if "Content-Security-Policy" not in headers:
        headers["Content-Security-Policy"] = PAGES
    return response
