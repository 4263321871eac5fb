"""The pages in a browser: what people do with them, at a phone's and a desktop's width, with and without JavaScript."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from web_examples import picture_of

DROP = """([data, name]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, { type: "image/png" }));
  const target = document.getElementById("drop");
  for (const kind of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""
PASTE = """([data, name]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, { type: "image/png" }));
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carried, bubbles: true }));
}"""

Open = Callable[..., Page]


def png(number: str, name: str = "") -> dict[str, object]:
    return {"name": name or f"{number}.png", "mimeType": "image/png", "buffer": picture_of(number)}


def read(page: Page, number: str, name: str = "") -> None:
    """Choose a picture and have it read."""
    page.get_by_label("choose").set_input_files(png(number, name))  # type: ignore[arg-type]
    page.get_by_role("button", name="Read the number").click()
    page.wait_for_url("**/records/*")


def test_a_chosen_picture_is_shown_and_read(open_page: Open) -> None:
    page = open_page("/uploads")
    page.get_by_label("choose").set_input_files(png("4072"))  # type: ignore[arg-type]
    expect(page.get_by_alt_text("The picture that you chose")).to_be_visible()
    button = page.get_by_role("button", name="Read the number")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("4072")
    expect(page.get_by_text("Of a hundred readings like this")).to_be_visible()
    expect(page.locator(".picture rect")).to_have_count(4)
    expect(page.get_by_role("list", name="Probability of each digit")).to_have_count(4)
    expect(page.locator(".picture img")).to_have_js_property("naturalWidth", 420)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("4072")


@pytest.mark.parametrize("how", [DROP, PASTE], ids=["dropped", "pasted"])
def test_a_dropped_or_pasted_picture_is_read(open_page: Open, how: str) -> None:
    page = open_page("/uploads")
    page.evaluate(how, [base64.b64encode(picture_of("12")).decode(), "12.png"])
    expect(page.get_by_alt_text("The picture that you chose")).to_be_visible()
    page.get_by_role("button", name="Read the number").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("12")


def test_without_javascript_everything_still_works(open_page: Open) -> None:
    page = open_page("/uploads", java_script_enabled=False)
    page.get_by_label("Choose a picture").set_input_files(png("7"))  # type: ignore[arg-type]
    page.get_by_role("button", name="Read the number").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("7")
    expect(page.locator("time").first).to_contain_text("UTC")
    page.get_by_label("Wrong? Type the number").fill("1")
    page.get_by_role("button", name="Correct it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1")
    expect(page.get_by_text("Corrected by hand")).to_be_visible()


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(open_page: Open, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(picture_of("7").ljust(20_000_001, b"\0"))
    page = open_page("/uploads")
    page.get_by_label("choose").set_input_files(large)
    expect(page.get_by_role("status")).to_contain_text("at most 20 MB")
    assert page.get_by_label("choose").input_value() == ""


def test_two_pictures_at_once_are_refused_in_words(open_page: Open) -> None:
    page = open_page("/uploads")
    twice = DROP.replace("const target", 'carried.items.add(new File([bytes], "2.png"));\n  const target')
    page.evaluate(twice, [base64.b64encode(picture_of("1")).decode(), "1.png"])
    expect(page.get_by_role("status")).to_have_text("One picture at a time, please.")


def test_a_format_that_browsers_do_not_show_is_read_and_previewed(open_page: Open) -> None:
    page = open_page("/uploads")
    tiff = {"name": "7.tif", "mimeType": "image/tiff", "buffer": picture_of("7", "TIFF")}
    page.get_by_label("choose").set_input_files(tiff)  # type: ignore[arg-type]
    page.get_by_role("button", name="Read the number").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("7")
    expect(page.locator(".picture img")).to_have_js_property("naturalWidth", 150)


def test_back_from_an_answer_the_form_is_fresh(open_page: Open) -> None:
    page = open_page("/uploads")
    read(page, "7")
    page.go_back()
    expect(page.get_by_role("button", name="Read the number")).to_be_enabled()
    read(page, "1")


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
