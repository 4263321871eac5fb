"""Static files are kept for good by browsers, texts are compressed, and pages tell what was done."""

import gzip
import re

import pytest
from flask.testing import FlaskClient
from web_examples import BROWSER, JSON

YEAR = 365 * 24 * 3600
GZIP = {"Accept-Encoding": "gzip"}


def test_a_static_file_has_an_address_of_its_content_and_is_kept_for_good(client: FlaskClient) -> None:
    page = client.get("/uploads", headers={"Accept": BROWSER}).text
    [look] = re.findall(r'href="(/static/[0-9a-f]{12}/look.css)"', page)
    answer = client.get(look)
    assert answer.headers["Cache-Control"] == f"public, max-age={YEAR}, immutable"
    assert answer.mimetype == "text/css"
    assert client.get(look, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("folder", ["", "0123456789ab/"])
def test_a_page_of_an_older_service_finds_its_files_but_does_not_keep_them(client: FlaskClient, folder: str) -> None:
    answer = client.get(f"/static/{folder}look.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache, max-age=0"
    assert client.get(f"/static/{folder}../app.py").status_code == 404


@pytest.mark.parametrize("path", ["/uploads", "/static/look.css", "/static/review.js", "/api/openapi.json"])
def test_texts_are_compressed_for_who_takes_that(client: FlaskClient, path: str) -> None:
    plain, packed = client.get(path), client.get(path, headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert "Accept-Encoding" in packed.vary
    assert client.head(path, headers=GZIP).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/static/samples/7.png"])
def test_what_is_short_or_compressed_already_is_sent_as_it_is(client: FlaskClient, path: str) -> None:
    assert "Content-Encoding" not in client.get(path, headers=GZIP).headers


def test_what_was_done_is_told_once(client: FlaskClient) -> None:
    client.post("/uploads/record", data={"lines": "a,1\nb,2\nc,3"}, headers={"Accept": BROWSER})
    page = client.get("/records", headers={"Accept": BROWSER})
    assert "3 numbers recorded." in page.text
    assert "recorded." not in client.get("/records", headers={"Accept": BROWSER}).text
    assert "Set-Cookie" not in client.post("/uploads/record", data={"lines": "a,1"}, headers={"Accept": JSON}).headers


def test_only_counts_are_told_whatever_the_cookie_says(client: FlaskClient) -> None:
    client.set_cookie("told", "recorded=<b>&labels=9999999999&words=hello")
    assert "told" not in client.get("/records", headers={"Accept": BROWSER}).text.replace("told=", "")
