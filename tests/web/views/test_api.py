"""The HTTP interface is as it describes itself; its page and its examples work."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.transport.serialization import Binary
from web_examples import JSON, Running, kept, picture_of

from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.store.opening import open_store
from mnist_predict.vision.recognizer import Recognizer
from mnist_predict.web.app import create_app
from mnist_predict.web.presenters.openapi import describe

Open = Callable[..., Page]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    allow_header_conformance,
]
PICTURES = [picture_of("7"), picture_of("40", "JPEG"), picture_of(""), picture_of("7")[:90], b"seven", b""]
known: dict[str, str] = {}

schemathesis.openapi.format("binary", st.sampled_from(PICTURES).map(Binary))
schemathesis.openapi.format("uuid", st.one_of(st.builds(lambda: known["id"]), st.uuids().map(str), st.text(max_size=9)))


@pytest.fixture(scope="module")
def kept_app(recognizer: Recognizer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application with a record in its store, whose id is `known`."""
    folder = tmp_path_factory.mktemp("api")
    store = open_store(f"sqlite:///{folder}/kept.sqlite")
    service = Service(recognizer, store, Settings(data=str(folder)))
    known["id"] = str(service.upload(picture_of("7"), "7.png").id)
    yield create_app(Settings.from_environment().but(data=str(folder)), service)
    store.close()


@pytest.fixture(scope="module")
def description(kept_app: Flask) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_wsgi("/api/openapi.json", kept_app)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_as_described(
    description: schemathesis.BaseSchema, kept_app: Flask, mode: GenerationMode
) -> None:
    """Whatever is sent, as described (positive) or not (negative)."""
    for found in description.get_all_operations():
        operation = found.ok()
        if mode == GenerationMode.NEGATIVE and operation.method != "post":
            continue  # any text is an image name, and tests/web/test_bad_input.py asks for ids that are none

        @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: schemathesis.Case) -> None:
            case.call_and_validate(headers={"Accept": JSON, "Accept-Encoding": "identity"}, checks=CHECKS)

        check()
        if operation.method == "delete":  # the rest is asked for another
            service = kept_app.extensions["service"]
            known["id"] = str(service.upload(picture_of("7"), "7.png").id)


def test_every_route_is_described_or_is_a_page(app: Flask, client: FlaskClient) -> None:
    """Whatever answers in JSON or with a file is described; a page answers in HTML whatever is asked for."""
    described = {
        operation["operationId"]
        for path in describe(app, "http://localhost", "0")["paths"].values()
        for operation in path.values()
    }
    pages = {rule.endpoint: rule for rule in app.url_map.iter_rules() if rule.endpoint not in described}
    del pages["static"], pages["assets.of_another_version"]
    forms = {"erasing.erase", "signin.sign_in", "signin.sign_out"}  # what the forms of pages are sent to
    assert forms <= set(pages)
    asked_for = {"uploads.home", "erasing.page", "batch.page", "stats.mistakes"}  # they need to be told of what
    for endpoint in set(pages) - forms - asked_for:
        assert client.get(pages[endpoint].rule, headers={"Accept": JSON}).mimetype == "text/html", endpoint


def test_the_description_is_served_for_the_address_that_was_asked(client: FlaskClient) -> None:
    form = client.get("/api/openapi.json", headers={"Host": "127.0.0.1:8080"}).get_json()
    assert form["openapi"].startswith("3.1")
    assert form["servers"] == [{"url": "http://127.0.0.1:8080"}]
    assert form["paths"]["/uploads"]["post"]["summary"].startswith("Read a picture, keep both")


@pytest.fixture
def examples(site: Running, tmp_path: Path) -> dict[str, str]:
    """The examples of the page by language, beside two pictures to read."""
    for number in ("7", "4072"):
        (tmp_path / f"{number}.png").write_bytes(picture_of(number))
    folder = Path(sys.modules["mnist_predict.web.app"].__file__ or "").parent / "templates/examples"
    texts = {file.stem: file.read_text().replace("{{ here }}", site.url) for file in folder.iterdir()}
    return {name: re.sub(r"{% if token_needed %}.*?{% endif %}", "", text) for name, text in texts.items()}


def test_the_examples_are_short(examples: dict[str, str]) -> None:
    assert set(examples) == {"shell", "python", "javascript"}
    for text in examples.values():
        assert len(re.sub(r"\n\s*\n", "\n", text).splitlines()) <= 12


def test_the_shell_example_works(examples: dict[str, str], tmp_path: Path) -> None:
    run = ["bash", "-c", examples["shell"], "read", "7.png", "4072.png"]
    assert subprocess.check_output(run, cwd=tmp_path, text=True) == "7.png 7\n4072.png 4072\n"


def test_the_python_example_works(examples: dict[str, str], tmp_path: Path) -> None:
    run = [sys.executable, "-c", examples["python"], "7.png", "4072.png"]
    lines = subprocess.check_output(run, cwd=tmp_path, text=True).splitlines()
    assert [line.rsplit(" ", 1)[0] for line in lines] == ["7.png 7", "4072.png 4072"]


def test_the_javascript_example_works(examples: dict[str, str], open_page: Open) -> None:
    page = open_page("/api", refused=True)
    number, refused = page.evaluate(
        f"""async (data) => {{
          {examples["javascript"]}
          const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
          const reading = await read(new File([bytes], "7.png"));
          return [reading.number, await read(new Blob(["seven"])).catch((error) => error.message)];
        }}""",
        base64.b64encode(picture_of("7")).decode(),
    )
    assert number == "7"
    assert refused.startswith("This is not a picture.")


def test_the_javascript_example_works_in_node_too(examples: dict[str, str], tmp_path: Path) -> None:
    if not shutil.which("node"):
        words = "The example is run in Node 20 or later: apt-get install nodejs"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    read = 'import fs from "node:fs"; console.log((await read(new Blob([fs.readFileSync("4072.png")]))).number);'
    run = ["node", "--input-type=module", "-e", examples["javascript"] + read]
    assert subprocess.check_output(run, cwd=tmp_path, text=True) == "4072\n"


def test_an_operation_is_tried_on_the_page(open_page: Open, site: Running) -> None:
    page = open_page("/api")
    page.get_by_text("POST /read").click()
    form = page.locator("form[data-path='/read']")
    form.get_by_label("file").set_input_files({"name": "7.png", "mimeType": "image/png", "buffer": picture_of("7")})
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("status")).to_contain_text("200 application/json")
    expect(form.get_by_role("status")).to_contain_text('"number": "7"')
    sent = {"file": ("a b/ü.png", picture_of("12"))}
    requests.post(f"{site.url}/uploads", files=sent, timeout=30)
    page.get_by_text("GET /uploads/{image_name}").click()
    form = page.locator("form[data-path='/uploads/{image_name}']")
    form.get_by_label("image_name").fill("a b/ü.png")
    page.keyboard.press("Enter")
    expect(form.get_by_role("img")).to_have_js_property("naturalWidth", 240)


def test_what_is_filled_in_is_a_command_that_does_the_same(open_page: Open, site: Running, tmp_path: Path) -> None:
    page = open_page("/api")
    page.get_by_text("POST /uploads/record", exact=True).click()
    form = page.locator("form[data-path='/uploads/record']")
    form.get_by_label("number").first.fill("-12")
    form.get_by_label("image_name").first.fill("@it's; here.png")
    command = form.locator(".command").inner_text()
    assert "Authorization" not in command
    answer = json.loads(subprocess.check_output(["bash", "-c", command], cwd=tmp_path))
    assert (answer["written"], answer["image_name"]) == ("-12", "@it's; here.png")
    page.get_by_label("Token").fill("secret")
    expect(form.locator(".command")).to_contain_text('"Authorization: Bearer $TOKEN"')
    with page.expect_request("**/uploads/record") as sent:
        form.get_by_role("button", name="Send").click()
    assert sent.value.headers["authorization"] == "Bearer secret"


def test_nothing_is_erased_without_a_question(open_page: Open, site: Running) -> None:
    record = kept(site, "7").rpartition("/")[2]
    page = open_page("/api", refused=True)
    page.get_by_text("DELETE /records/{record_id}").click()
    form = page.locator("form[data-method='DELETE']")
    form.get_by_label("record_id").fill(record)
    page.once("dialog", lambda dialog: dialog.dismiss())
    form.get_by_role("button", name="Erase for good").click()
    assert requests.get(f"{site.url}/records/{record}", timeout=30).status_code == 200
    page.once("dialog", lambda dialog: dialog.accept())
    form.get_by_role("button", name="Erase for good").click()
    expect(form.get_by_role("status")).to_contain_text("200 application/json")
    assert requests.get(f"{site.url}/records/{record}", timeout=30).status_code == 410


def test_a_filter_that_is_left_alone_is_not_sent(open_page: Open) -> None:
    page = open_page("/api")
    page.get_by_text("GET /records", exact=True).click()
    with page.expect_request("**/records*") as sent:
        page.locator("form[data-path='/records']").get_by_role("button", name="Send").click()
    assert sent.value.url.endswith("/records")


def test_the_page_of_the_api_can_be_read_without_javascript(open_page: Open) -> None:
    page = open_page("/api", java_script_enabled=False)
    page.get_by_text("POST /read").click()
    expect(page.get_by_text("What was read.")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_have_count(0)
