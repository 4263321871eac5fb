"""What keeps watch over the service asks here: is it alive, can it work, how is it doing."""

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST

from mnist_predict.web.answers import as_text
from mnist_predict.web.measured import MeasuredService
from mnist_predict.web.metrics import exposition

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return as_text(["alive"])


@blueprint.get("/readyz")
def ready() -> Response:
    """An upload would be read and kept: the model is loaded (else there were no app) and the store writable.

    Raises `StoreUnavailable`, answered with 503.
    """
    service: MeasuredService = current_app.extensions["service"]
    service.store.check_writable()
    return as_text([f"ready: model {current_app.config['MODEL_VERSION']}, store writable"])


@blueprint.get("/metrics")
def figures() -> Response:
    """The figures of all workers, for Prometheus."""
    return Response(exposition(current_app.config["MODEL_VERSION"]), content_type=CONTENT_TYPE_LATEST)
