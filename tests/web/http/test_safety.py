"""What keeps a browser safe."""

import re

import pytest
from flask.testing import FlaskClient
from web_examples import BROWSER, Upload, picture_of

from mnist_predict.service import Service


@pytest.mark.parametrize("path", ["/uploads", "/records", "/uploads/record", "/nowhere", "/static/look.css", "/"])
def test_every_answer_carries_the_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path, headers={"Accept": BROWSER}).headers
    assert headers.getlist("X-Content-Type-Options") == ["nosniff"]
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/uploads", "/records", "/uploads/record"])
def test_no_page_has_scripts_or_styles_within(client: FlaskClient, upload: Upload, path: str) -> None:
    upload(picture_of("4072"))
    page = client.get(path, headers={"Accept": BROWSER}).text
    assert "style=" not in page
    assert "<style" not in page
    assert "<script>" not in page
    assert "onclick" not in page


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"}, False),
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "http://localhost:3000"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "http://[::"}, False),
        ({"Origin": "null"}, False),
    ],
)
def test_only_own_pages_and_programs_may_write(
    client: FlaskClient, upload: Upload, service: Service, headers: dict[str, str], allowed: bool
) -> None:
    assert upload(picture_of("7"), **headers).status_code == (200 if allowed else 403)
    assert len(service.store.page()) == allowed
    assert client.get("/uploads", headers=headers).status_code == 200


def test_asking_changes_nothing(client: FlaskClient, upload: Upload, service: Service) -> None:
    upload(picture_of("7"))
    kept = service.store.page()
    for rule in client.application.url_map.iter_rules():
        path = rule.rule.replace("<record_id>", str(kept[0].id)).replace("<image_name:name>", "7.png")
        path = path.replace("<any(small, large):size>", "small").replace("<path:filename>", "look.css")
        path = re.sub("<int:[a-z]+>", "0", path)
        if "GET" in rule.methods:
            answer = client.get(path, query_string={"number": "8", "record": str(kept[0].id)})
            assert answer.status_code < 500, path
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert service.store.page() == kept
