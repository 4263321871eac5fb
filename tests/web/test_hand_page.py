"""Recording by hand in a browser."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

Open = Callable[..., Page]


def test_a_number_is_recorded_by_hand(open_page: Open) -> None:
    page = open_page("/uploads/record")
    page.get_by_label("Image name").fill("<b>notes</b>.png")
    page.get_by_label("Number").fill("2026")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2026")
    page.get_by_role("link", name="History", exact=True).first.click()
    row = page.get_by_role("row").filter(has_text="<b>notes</b>.png")
    expect(row).to_contain_text("By hand")
    expect(row.locator("time")).to_have_text("now")
