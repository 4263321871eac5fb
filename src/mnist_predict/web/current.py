"""What the current request is served with. Each of these belongs to the application, as `flask.current_app` does."""

from typing import cast

from flask import current_app
from werkzeug.local import LocalProxy

from mnist_predict.review import Inbox
from mnist_predict.service import Service
from mnist_predict.stats.counting import Statistics

service = cast(Service, LocalProxy(lambda: current_app.extensions["service"]))
inbox = cast(Inbox, LocalProxy(lambda: current_app.extensions["inbox"]))
statistics = cast(Statistics, LocalProxy(lambda: service.statistics))
