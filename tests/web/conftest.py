"""The application over a real store and the shipped model."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from web_examples import Upload
from werkzeug.test import TestResponse

from mnist_predict.models.registry import open_version
from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.store import open_store
from mnist_predict.vision.classifier import Classifier
from mnist_predict.vision.recognizer import Recognizer
from mnist_predict.web.app import create_app


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    version = open_version(Settings.from_environment().model)
    return Recognizer(Classifier(version.folder), version.name)


@pytest.fixture
def service(recognizer: Recognizer, tmp_path: Path) -> Iterator[Service]:
    store = open_store(f"sqlite:///{tmp_path}/kept.sqlite")
    yield Service(recognizer, store)
    store.close()


@pytest.fixture
def app(service: Service) -> Flask:
    return create_app(service=service)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def upload(client: FlaskClient) -> Upload:
    """Upload bytes under a name, as curl does unless told otherwise."""

    def send(
        data: bytes, name: str = "7.png", accept: str = "*/*", path: str = "/uploads", **headers: str
    ) -> TestResponse:
        form = {"file": (io.BytesIO(data), name)}
        return client.post(path, data=form, headers={"Accept": accept, **headers})

    return send
