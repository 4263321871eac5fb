"""Attacks on whoever uses the service in a browser. Each test is somebody who tries, and does not succeed."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator

import pytest
import requests
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Browser, Page, Route
from web_examples import JSON, Running, Upload, picture_of

Open = Callable[..., Page]
HTML = b"<html><script>parent.pwned = pwned = 1</script><svg onload='pwned = 1'></svg></html>"
STRANGER = "http://stranger.example/"


def png_with_html() -> bytes:
    """A picture with a page in its comment and behind its end."""
    data, text = picture_of("7"), b"tEXt" + b"Comment\0" + HTML
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    return data[:33] + chunk + data[33:] + HTML


def gif_with_script() -> bytes:
    """A picture that is a script as well: GIF89a = '...'; the bytes of its width begin a comment."""
    file = io.BytesIO()
    width = int.from_bytes(b"/*", "little")
    Image.new("L", (width, 40), 255).save(file, "GIF")
    return file.getvalue() + b"*/=1;pwned=1;//" + HTML


POLYGLOTS = {"page.html": png_with_html(), "drawing.svg": png_with_html(), "code.js": gif_with_script()}


def unsafe(client: FlaskClient) -> Iterator[tuple[str, str]]:
    """Every method and path that may change something."""
    for rule in client.application.url_map.iter_rules():
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            yield method, rule.rule.replace("<record_id>", "00000000-0000-7000-8000-000000000000")


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": STRANGER.rstrip("/")}]
)
def test_nothing_is_changed_for_the_page_of_another_site(client: FlaskClient, headers: dict[str, str]) -> None:
    tried = list(unsafe(client))
    assert len(tried) >= 6
    for method, path in tried:
        assert client.open(path, method=method, headers=headers).status_code == 403, f"{method} {path}"


def test_a_name_that_was_bent_to_this_computer_changes_nothing(client: FlaskClient) -> None:
    """DNS rebinding: what the browser sends says that it is of the very same site."""
    bent = {"Host": "rebound.example", "Origin": "http://rebound.example", "Sec-Fetch-Site": "same-origin"}
    for method, path in unsafe(client):
        assert client.open(path, method=method, headers=bent).status_code == 421, f"{method} {path}"


@pytest.mark.parametrize("name", POLYGLOTS)
def test_a_picture_that_is_code_as_well_is_served_as_a_picture(client: FlaskClient, upload: Upload, name: str) -> None:
    record_id = upload(POLYGLOTS[name], name, accept=JSON).get_json()["id"]
    for path in (f"/uploads/{name}", f"/records/{record_id}/picture", f"/records/{record_id}/preview/small"):
        answer = client.get(path)
        assert answer.mimetype in ("image/png", "image/gif", "image/jpeg")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert HTML not in client.get(f"/records/{record_id}/preview/small").data


def test_a_picture_that_is_code_as_well_does_not_run(browser: Browser, site: Running) -> None:
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    for name, data in POLYGLOTS.items():
        requests.post(f"{site.url}/uploads", files={"file": (name, data)}, timeout=30).raise_for_status()
        page.goto(f"/uploads/{name}")
        assert page.evaluate("[document.contentType.split('/')[0], window.pwned]") == ["image", None]
    page.goto("/uploads")
    add = """() => new Promise((done) => {
      const script = document.createElement("script");
      script.onload = () => done("ran");
      script.onerror = () => done("refused");
      script.src = "/uploads/code.js";
      document.body.append(script);
    })"""
    assert page.evaluate(add) == "refused"
    assert page.evaluate("window.pwned") is None
    context.close()


def test_a_name_that_is_code_is_shown_and_does_not_run(open_page: Open, site: Running) -> None:
    name = "\"><img src=x onerror='pwned=1'><script>pwned=1</script>{{7*7}}"
    sent = {"file": (name, picture_of("7"))}
    kept = requests.post(f"{site.url}/uploads", files=sent, headers={"Accept": JSON}, timeout=30).json()
    assert "onerror" in kept["image_name"]
    for path in (
        "/records",
        f"/records/{kept['id']}",
        f"/records/{kept['id']}/erase",
        f"/uploads/record?image_name={name}",
    ):
        page = open_page(path)  # what the policy stops is told in the console, and fails the test as well
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.pwned") is None, path
        assert "49" not in page.title()


def test_the_page_of_a_stranger_can_neither_erase_nor_show_ours_in_a_frame(browser: Browser, site: Running) -> None:
    sent = {"file": ("7.png", picture_of("7"))}
    kept = requests.post(f"{site.url}/uploads", files=sent, headers={"Accept": JSON}, timeout=30).json()
    address = f"{site.url}/records/{kept['id']}"
    html = f"""<form method="post" action="{address}/erase"><button>Win a prize</button></form>
      <iframe src="{address}/erase"></iframe>"""

    def serve(route: Route) -> None:
        route.fulfill(content_type="text/html", body=html)

    context = browser.new_context()
    page = context.new_page()
    page.route(STRANGER, serve)
    page.goto(STRANGER)
    frame = page.frames[1]
    assert frame.url.startswith("chrome-error:")
    with page.expect_navigation() as navigation:
        page.get_by_role("button", name="Win a prize").click()
    assert navigation.value.status == 403
    context.close()
    assert requests.get(address, timeout=30).status_code == 200
