"""Recording by hand in a browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from web_examples import DESKTOP, PHONE

Open = Callable[..., Page]


def test_a_number_is_recorded_by_hand(open_page: Open) -> None:
    page = open_page("/uploads/record")
    page.get_by_label("Image name", exact=True).fill("<b>notes</b>.png")
    page.get_by_label("Number", exact=True).fill("2026")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2026")
    page.get_by_role("link", name="History", exact=True).first.click()
    row = page.get_by_role("row").filter(has_text="<b>notes</b>.png")
    expect(row).to_contain_text("By hand")
    expect(row.locator("time")).to_have_text("now")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_pasted_lines_are_recorded_after_a_mistake_was_mended(
    open_page: Open, size: dict[str, int], script: bool
) -> None:
    page = open_page("/uploads/record", viewport=size, java_script_enabled=script, refused=True)
    lines = page.get_by_label("Lines of image name and number")
    lines.fill("first.png,12\nsecond.png,l3")
    page.get_by_role("button", name="Record all").click()
    expect(page.get_by_role("alert")).to_contain_text("line 2 (second.png,l3)")
    expect(lines).to_have_value("first.png,12\nsecond.png,l3")
    lines.fill("first.png,12\nsecond.png,13")
    page.get_by_role("button", name="Record all").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("13")
    expect(page.get_by_role("row").nth(2)).to_contain_text("12")
