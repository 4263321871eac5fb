"""What keeps a browser safe: headers on every answer, and no writes for the pages of strangers.

Unless tokens are set (`access`) the service has no log-in, and by default it listens where only this computer can
reach it; but any web page that its user visits can send a form to `http://localhost:4000` as well. Browsers say
where a request comes from: `Sec-Fetch-Site` (all current ones), else `Origin`, which must name the host that was
asked. Programs such as curl send neither and are let through: they act for nobody else.
"""

from urllib.parse import urlsplit

from flask import Response, abort, current_app, request

from mnist_predict.settings import LOOPBACK, Settings

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


def known_hosts(settings: Settings) -> frozenset[str]:
    """Names that the service may be asked by; empty: any.

    A page of a stranger can have its own name point to this computer (DNS rebinding); what the browser then sends
    looks like a request of our own page, but for the name in `Host`. So who listens on loopback alone is not asked
    by other names, unless they are set.
    """
    if settings.hosts:
        return frozenset(name.strip().lower() for name in settings.hosts.split(",") if name.strip())
    return frozenset(LOOPBACK) if settings.host in LOOPBACK else frozenset()


def refuse_unknown_hosts() -> None:
    """Before each request: 421 where it is sent to a name that is not this service's."""
    known: frozenset[str] = current_app.extensions["hosts"]
    if known and (urlsplit(f"//{request.host}").hostname or "") not in known:
        abort(421, "This service does not go by that name. Set MNIST_PREDICT_HOSTS to the names that it has.")


def add_headers(response: Response) -> Response:
    """After each request: the security headers; a view may have set a stricter policy."""
    headers = response.headers
    headers.extend(_HEADERS)
    if request.is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if "Content-Security-Policy" not in headers:
        headers["Content-Security-Policy"] = PAGES
    return response
