"""What keeps watch, and what it is told; the log."""

import json
import re

import pytest
from flask.testing import FlaskClient
from web_examples import JSON, Upload, picture_of


def test_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert client.application.extensions["service"].model_version in ready.text


def figure(client: FlaskClient, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_what_is_done_is_counted(client: FlaskClient, upload: Upload) -> None:
    names = {
        'mnist_predict_requests_total{method="POST",route="/uploads",status="200"}': 2,
        'mnist_predict_requests_total{method="GET",route="/uploads/<image_name:name>",status="404"}': 1,
        'mnist_predict_requests_total{method="other",route="none",status="405"}': 1,
        'mnist_predict_requests_total{method="GET",route="none",status="404"}': 1,
        'mnist_predict_stage_seconds_count{stage="read"}': 3,
        'mnist_predict_stage_seconds_count{stage="store"}': 2,
        'mnist_predict_records_total{source="upload"}': 2,
        'mnist_predict_records_total{source="hand"}': 1,
        "mnist_predict_readings_without_number_total": 1,
    }
    before = {name: figure(client, name) for name in names}
    upload(picture_of("7"))
    upload(picture_of(""))
    upload(picture_of("7"), path="/read")
    client.post("/uploads/record", data={"image_name": "a.png", "number": "1"})
    client.get("/uploads/never.png")
    client.get("/nowhere/at/all")
    client.open("/uploads", method="BREW")
    assert {name: figure(client, name) - before[name] for name in names} == names
    version = client.application.extensions["service"].model_version
    assert figure(client, f'mnist_predict_model_info{{version="{version}"}}') == 1


def test_a_request_is_one_line_of_json(client: FlaskClient, upload: Upload, capsys: pytest.CaptureFixture[str]) -> None:
    record = upload(picture_of("7"), accept=JSON).get_json()["id"]
    size = len(client.get("/uploads/a%0Ab%22%C3%A9.png?x=1").data)
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["method"], first["path"], first["status"]) == ("POST", "/uploads", 200)
    assert first["record"] == record
    assert first["ms"] > 0
    assert first["time"].endswith("Z")
    assert second["path"] == '/uploads/a\nb"\N{LATIN SMALL LETTER E WITH ACUTE}.png'
    assert (second["status"], second["bytes"]) == (404, size)
    assert "record" not in second
