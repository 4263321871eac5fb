"""Erasing in a browser: from the page of a record to the word that nothing is left."""

from collections.abc import Callable
from functools import partial

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient
from playwright.sync_api import Page, Route, expect
from web_examples import AA, BROWSER, DESKTOP, JSON, PHONE, Running, Upload, kept, picture_of

from mnist_predict.service import Service
from mnist_predict.store import erasing

Open = Callable[..., Page]


@pytest.mark.parametrize(
    ("size", "scheme", "script"), [(PHONE, "dark", False), (DESKTOP, "light", True)], ids=["phone", "desktop"]
)
def test_a_picture_is_erased_after_a_look_at_what_goes(
    open_page: Open, site: Running, size: dict[str, int], scheme: str, script: bool
) -> None:
    path = kept(site, "1985", f"{scheme}.png")
    # axe needs its script in the page, so without JavaScript only the flow is looked at.
    page = open_page(path, viewport=size, color_scheme=scheme, java_script_enabled=script)
    page.get_by_role("link", name="Erase this picture for good").click()
    expect(page.get_by_role("heading", name="Erase this picture for good?")).to_be_visible()
    expect(page.get_by_role("img", name=f"{scheme}.png")).to_be_visible()
    for words in ("Cancel", "Erase this picture for good"):  # there and back
        page.get_by_role("link", name=words).click()
    button = page.get_by_role("button", name="Erase for good")
    if script:
        assert Axe().run(page, options=AA).violations_count == 0
        button.focus()
        page.keyboard.press("Enter")
    else:
        button.click()
    expect(page.get_by_role("heading", name="Erased for good")).to_be_visible()
    if script:
        assert Axe().run(page, options=AA).violations_count == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert requests.get(f"{site.url}{path}", timeout=30).status_code == 410
    records = requests.get(f"{site.url}/records", headers={"Accept": JSON}, timeout=30).json()["records"]
    assert path.rpartition("/")[2] not in {record["id"] for record in records}


def test_it_looks_right_in_the_dark_on_a_phone(open_page: Open, site: Running) -> None:
    """WCAG 2.2 AA, as far as axe-core sees it; and the page is not wider than its window."""
    page = open_page(f"{kept(site, '360')}/erase", viewport=PHONE, color_scheme="dark")
    found = Axe().run(page, options=AA)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_it_goes_on_by_itself_while_more_is_left(
    open_page: Open,
    site: Running,
    client: FlaskClient,
    upload: Upload,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first answer is that of a service which erases a record at a time."""
    monkeypatch.setattr(service.store, "erased_with", partial(service.store.erased_with, limit=1))
    monkeypatch.setattr(erasing, "SECONDS", 0)
    there, _ = (upload(picture_of("7"), accept=JSON).get_json()["id"] for _ in range(2))
    path = kept(site, "1985", "many.png")
    first = client.post(f"/records/{there}/erase", headers={"Accept": BROWSER})
    answers = [first.text.replace(there, path.rpartition("/")[2])]

    def answer(route: Route) -> None:
        if answers:
            route.fulfill(status=first.status_code, body=answers.pop(), content_type="text/html")
        else:
            route.continue_()

    page = open_page(f"{path}/erase")
    page.route("**/erase", answer)
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("heading", name="Erased for good")).to_be_visible()
    assert (first.status_code, answers) == (202, [])
    assert requests.get(f"{site.url}{path}", timeout=30).status_code == 410
