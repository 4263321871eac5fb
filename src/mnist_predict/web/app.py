"""The Flask application, put together of its parts."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.local import LocalProxy

from mnist_predict.reading import next_best
from mnist_predict.review import Inbox
from mnist_predict.service import Service, open_service
from mnist_predict.settings import LOOPBACK, Settings
from mnist_predict.web.browsers import assets
from mnist_predict.web.browsers.assets import compress, keep_assets, static_path
from mnist_predict.web.browsers.told import forget_told, told
from mnist_predict.web.http.access import protect
from mnist_predict.web.http.acks import QuickAcks
from mnist_predict.web.http.converters import ImageName
from mnist_predict.web.http.errors import answer_error
from mnist_predict.web.http.incoming import MAX_REQUEST, FormRequest
from mnist_predict.web.http.limits import Limits, enter, leave
from mnist_predict.web.http.proxies import TrustedProxies, trusted_networks
from mnist_predict.web.http.safety import add_headers, known_hosts, refuse_cross_site_writes, refuse_unknown_hosts
from mnist_predict.web.presenters import words
from mnist_predict.web.presenters.stored import notice
from mnist_predict.web.telemetry.journal import Journal, note_route
from mnist_predict.web.telemetry.metrics import ServiceMeter
from mnist_predict.web.views import (
    api,
    batch,
    crop,
    grid,
    hand,
    health,
    models,
    records,
    review,
    signin,
    stats,
    strip,
    uploads,
)
from mnist_predict.web.views import erase as erasing
from mnist_predict.web.views import export as exports
from mnist_predict.written import FORM_PATTERN


class Web(Flask):
    """Flask with requests that are pictures."""

    request_class = FormRequest

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: none here is a coroutine, and Flask asks that of ten a request."""
        return func


def create_app(settings: Settings | None = None, service: Service | None = None, counts: str = ":memory:") -> Flask:
    """The application that serves the pages and the HTTP interface.

    `settings`: by default those of the environment; `service`: by default the one that the settings name; `counts`: the
    file in which all workers count for the rate limits. Raises `BadRequest` for settings that cannot be used.
    """
    settings = settings or Settings.from_environment()
    service = service or open_service(settings)
    app = Web(__name__, static_url_path=static_path())
    app.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST
    app.config["KEPT"] = words.kept_where(settings.store_url, settings.host in LOOPBACK)
    app.extensions["service"] = service
    app.extensions["inbox"] = Inbox(service.store)
    service.meter = ServiceMeter()
    app.url_map.converters["image_name"] = ImageName
    app.url_map.merge_slashes = False  # `a//b` is a name of its own
    app.url_map.strict_slashes = False  # people and programs end an address with a slash, or do not
    app.extensions["hosts"] = known_hosts(settings)
    app.extensions["limits"] = Limits(settings.rate, counts)
    app.before_request(refuse_unknown_hosts)
    app.before_request(refuse_cross_site_writes)
    protect(app, settings.token, counts, settings.data)
    app.before_request(enter)
    app.teardown_request(leave)
    app.after_request(compress)  # they are called from the last one to the first
    app.after_request(keep_assets)
    app.after_request(forget_told)
    app.after_request(add_headers)
    app.after_request(note_route)
    app.register_error_handler(Exception, answer_error)
    for part in (
        uploads,
        batch,
        hand,
        records,
        strip,
        exports,
        erasing,
        review,
        grid,
        crop,
        stats,
        models,
        api,
        signin,
        health,
        assets,
    ):
        app.register_blueprint(part.blueprint)
    app.jinja_env.globals.update(
        percent=words.percent,
        of_a_hundred=words.of_a_hundred,
        certainty=words.certainty,
        next_best=next_best,
        number_pattern=FORM_PATTERN,
        runner_up=words.runner_up,
        model_version=LocalProxy(lambda: service.model_version),
        plural=words.plural,
        told=told,
        token_needed=bool(settings.token),
        curl='curl -H "Authorization: Bearer YOUR-TOKEN"' if settings.token else "curl",
        store_notice=notice,
    )
    app.jinja_env.filters["code"] = words.code
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.wsgi_app = TrustedProxies(QuickAcks(Journal(app.wsgi_app)), trusted_networks(settings.proxies))  # type: ignore[method-assign]
    return app
