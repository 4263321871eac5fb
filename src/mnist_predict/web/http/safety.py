"""Browser security: headers on every answer, and no writes for pages of other sites.

Unless tokens are set (`access`) the service has no log-in, and by default it listens on loopback only. Still, any page
that its user visits can send a form to `http://localhost:4000`. Browsers say where a request comes from:
`Sec-Fetch-Site` (all current browsers) or `Origin`, which must name the requested host. Programs such as curl send
neither and are let through: they act for nobody else.
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
    """Before a request: 403 when a browser sends it for a page of another site."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        allowed = site in ("same-origin", "none")
    else:
        origin = request.headers.get("Origin")
        allowed = origin is None or origin.partition("://")[2] == request.host
    if not allowed:
        abort(403, "This was sent by a page of another site. Use the pages of this service.")


def known_hosts(settings: Settings) -> frozenset[str]:
    """The allowed Host header values; empty: any.

    A stranger can let their domain point to this computer (DNS rebinding). What the browser then sends looks like a
    request of our own page, but for the `Host` header. So a service on loopback accepts only the names of loopback,
    unless others are set.
    """
    if settings.hosts:
        return frozenset(name.strip().lower() for name in settings.hosts.split(",") if name.strip())
    return frozenset(LOOPBACK) if settings.host in LOOPBACK else frozenset()


def refuse_unknown_hosts() -> None:
    """Before a request: 421 for a Host header that is not allowed."""
    known: frozenset[str] = current_app.extensions["hosts"]
    if known and (urlsplit(f"//{request.host}").hostname or "") not in known:
        abort(421, "This host name is not allowed. Set MNIST_PREDICT_HOSTS to the names of this service.")


def local_path(path: str, otherwise: str) -> str:
    """The path, from a form, if it is one of this service: to redirect to."""
    is_local = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_local else otherwise


def add_headers(response: Response) -> Response:
    """After a request: add the security headers; a view may have set a stricter policy."""
    headers = response.headers
    headers.extend(_HEADERS)
    if request.is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if "Content-Security-Policy" not in headers:
        headers["Content-Security-Policy"] = PAGES
    return response
