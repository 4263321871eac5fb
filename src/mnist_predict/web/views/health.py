"""What keeps watch over the service asks here: is it alive, can it work, how is it doing."""

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST

from mnist_predict.web.current import service
from mnist_predict.web.http.negotiation import as_text
from mnist_predict.web.http.routes import route
from mnist_predict.web.presenters.openapi import TEXT_TYPE, content, operation
from mnist_predict.web.presenters.stored import EPHEMERAL
from mnist_predict.web.telemetry.metrics import exposition

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@route(public=True, operation=operation(content("The process answers.", None, TEXT_TYPE)))
def alive() -> Response:
    """The process answers."""
    return as_text(["alive"])


@blueprint.get("/readyz")
@route(public=True, operation=operation(content("An upload would be kept.", None, TEXT_TYPE), 503))
def ready() -> Response:
    """An upload would be read and kept: the model is loaded (else there were no app), store or spool writable.

    Raises `StoreUnavailable`, answered with 503.
    """
    service.check_ready()
    status = service.store.status()
    model = f"ready: model {service.model_version}"
    away = [f"{model}, store away, uploads go to the spool", status.away] if status.away else None
    lines = away or [f"{model}, store writable"]
    if service.follower and service.follower.trouble:
        lines.append(service.follower.trouble)
    if status.waiting:
        lines.append(f"waiting in the spool: {status.waiting}")
        lines += [EPHEMERAL] if status.ephemeral else []
    if status.unsynced:
        lines.append(f"in the store, and in the spool until the store has synced: {status.unsynced}")
    return as_text(lines)


@blueprint.get("/metrics")
@route(operation=operation(content("Metrics in the text format of Prometheus.", None, TEXT_TYPE)))
def metrics() -> Response:
    """The figures of all workers, for Prometheus."""
    figures = exposition(service.model_version, service.store.status())
    return Response(figures, content_type=CONTENT_TYPE_LATEST)
