"""How the application is put together."""

import io
from pathlib import Path

import pytest
from web_examples import picture_of

from mnist_predict.web.app import create_app
from mnist_predict.web.telemetry.journal import Journal


def test_without_a_service_it_opens_the_one_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = tmp_path / "somewhere" / "kept.sqlite"
    monkeypatch.setenv("MNIST_PREDICT_STORE", f"sqlite:///{where}")
    app = create_app()
    form = {"file": (io.BytesIO(picture_of("7")), "7.png")}
    assert app.test_client().post("/uploads", data=form).text.startswith("recognised result: 7\n")
    app.extensions["service"].store.close()
    assert where.exists()


def test_the_journal_takes_any_wsgi_application() -> None:
    log = io.StringIO()
    environ = {"REQUEST_METHOD": "GET", "wsgi.errors": log}
    body = Journal(lambda _, start: start("204 No Content", []) or [b"a", b"b"])(environ, lambda *_: None)
    assert body == [b"a", b"b"]
    assert '"status": 204' in log.getvalue()
