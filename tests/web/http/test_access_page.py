"""Signing in, in a browser."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from web_examples import DESKTOP, PHONE, Running, serving

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def closed_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that wants a token."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_PREDICT_TOKEN", "ann=open sesame")
        with serving(tmp_path_factory.mktemp("closed")) as it:
            yield it


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_by_keyboard_alone_one_signs_in_and_goes_on_to_where_one_wanted(
    open_page: Open, closed_site: Running, size: dict[str, int], script: bool
) -> None:
    page = open_page(f"{closed_site.url}/records", viewport=size, java_script_enabled=script, refused=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    expect(page.get_by_label("Token")).to_be_focused()
    if script:
        assert Axe().run(page).violations_count == 0
    page.keyboard.type("open simsim")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This is not a valid token.")
    expect(page.get_by_label("Token")).to_be_focused()
    page.keyboard.type("open sesame")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("History")
    expect(page.get_by_text("Signed in as ann")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{closed_site.url}/uploads")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_the_footer_with_the_name_can_be_used_by_everybody(open_page: Open, closed_site: Running) -> None:
    page = open_page(f"{closed_site.url}/signin", viewport=PHONE)
    page.get_by_label("Token").fill("open sesame")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Read a number")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
