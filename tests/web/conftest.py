"""The application over a real store and the shipped model; and the running service in a real browser."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from web_examples import DESKTOP, Running, Upload, form_with, serving
from werkzeug.test import TestResponse

from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.store.opening import open_store
from mnist_predict.vision.recognizer import Recognizer, open_recognizer
from mnist_predict.web.app import create_app

# The same Chromium without a window takes less than half of the time of a core.
BROWSERS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
PATIENCE = 60_000  # milliseconds: a busy machine is no fault of what is tested
expect.set_options(timeout=PATIENCE)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    return open_recognizer(Settings.from_environment().model)


@pytest.fixture
def service(recognizer: Recognizer, tmp_path: Path) -> Iterator[Service]:
    store = open_store(f"sqlite:///{tmp_path}/kept.sqlite")
    yield Service(recognizer, store, Settings(data=str(tmp_path)))
    store.close()


@pytest.fixture
def app(service: Service, tmp_path: Path) -> Flask:
    return create_app(Settings.from_environment().but(data=str(tmp_path)), service)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def upload(client: FlaskClient) -> Upload:
    """Upload bytes under a name, as curl does unless told otherwise."""

    def send(
        data: bytes, name: str = "7.png", accept: str = "*/*", path: str = "/uploads", **headers: str
    ) -> TestResponse:
        return client.post(path, **form_with((data, name)), headers={"Accept": accept, **headers})

    return send


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(shutil.which, BROWSERS), None)
    if not found:
        words = "The pages are tested in Chromium: apt-get install chromium-headless-shell"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield running
        running.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service as people start it, one for all pages that are tested in a browser."""
    with serving(tmp_path_factory.mktemp("site")) as it:
        yield it


@pytest.fixture
def open_page(browser: Browser, site: Running) -> Iterator[Open]:
    """Open a page of the service; whatever it complains about in the console is a failure.

    `refused`: the test sends what the service refuses, which browsers call an error in the console.
    """
    complaints: list[str] = []
    contexts = []

    def go(path: str, refused: bool = False, **settings: object) -> Page:
        def complain(message: ConsoleMessage) -> None:
            allowed = refused and message.text.startswith("Failed to load resource")
            if message.type in ("error", "warning") and not allowed:
                complaints.append(message.text)

        context = browser.new_context(base_url=site.url, **{"viewport": DESKTOP, **settings})  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield go
    for context in contexts:
        context.close()
    assert complaints == []
