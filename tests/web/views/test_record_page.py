"""The page of a record in a browser: label it in place, zoom into it, take it elsewhere."""

import io
import json
from collections.abc import Callable

import pytest
import requests
from PIL import Image
from playwright.sync_api import Page, expect
from web_examples import DESKTOP, JSON, PHONE, Running, picture_of

Open = Callable[..., Page]


def kept(site: Running, data: bytes, name: str = "some.png") -> str:
    """The path of the page of a picture that was just uploaded."""
    answer = requests.post(f"{site.url}/uploads", files={"file": (name, data)}, headers={"Accept": JSON}, timeout=30)
    return f"/records/{answer.json()['id']}"


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_it_says_what_was_read_how_surely_and_by_what(open_page: Open, site: Running, size: dict[str, int]) -> None:
    page = open_page(kept(site, picture_of("4072")), viewport=size)
    expect(page.get_by_role("heading", level=1)).to_have_text("4072")
    expect(page.get_by_text("of 100 readings like this")).to_be_visible()
    expect(page.locator(".picture rect")).to_have_count(4)
    expect(page.get_by_role("list", name="Probability of each digit")).to_have_count(4)
    strip = page.get_by_alt_text("The strip of 4072")
    strip.scroll_into_view_if_needed()
    expect(strip).to_have_js_property("complete", True)
    assert 0 < strip.evaluate("image => image.naturalHeight") < 100
    expect(page.locator(".cut rect")).to_have_count(4)
    expect(page.locator(".picture img")).to_have_js_property("naturalWidth", 420)
    expect(page.locator(".facts code")).to_contain_text("-")


def test_by_keyboard_alone_a_wrong_number_is_corrected_in_place_and_changed_again(
    open_page: Open, site: Running
) -> None:
    page = open_page(kept(site, picture_of("4072")))
    address = page.url
    page.evaluate("window.same = true")
    page.keyboard.type("4012")
    expect(page.get_by_label("Wrong? Type the number")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("4012")
    expect(page.get_by_text("Corrected by hand")).to_be_visible()
    expect(page).to_have_title("4012 · mnist_predict")
    expect(page.get_by_label("Changed your mind?")).to_be_focused()
    page.keyboard.type("4072")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Confirmed by hand")).to_be_visible()
    expect(page.get_by_role("table").locator(".n")).to_have_text(["4072", "4012"])
    assert page.url == address
    assert page.evaluate("window.same")


def test_a_right_number_is_confirmed_in_place(open_page: Open, site: Running) -> None:
    page = open_page(kept(site, picture_of("7")))
    page.get_by_role("button", name="This is right").click()
    expect(page.get_by_text("Confirmed by hand")).to_be_visible()
    expect(page.get_by_role("button", name="This is right")).to_have_count(0)


def test_what_could_not_be_kept_is_said_in_place(open_page: Open, site: Running) -> None:
    page = open_page(kept(site, picture_of("7")), refused=True)
    page.route("**/uploads/record", lambda route: route.abort())
    page.get_by_label("Wrong? Type the number").fill("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The service does not answer. Nothing was saved.")
    page.unroute("**/uploads/record")
    page.get_by_role("button", name="Correct it").click()
    expect(page.get_by_text("Corrected by hand")).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_without_javascript_it_is_corrected_and_confirmed_as_well(
    open_page: Open, site: Running, size: dict[str, int]
) -> None:
    page = open_page(kept(site, picture_of("7")), viewport=size, java_script_enabled=False)
    expect(page.locator("time").first).to_contain_text("UTC")
    expect(page.get_by_role("button", name="Larger")).to_have_count(0)
    page.get_by_label("Wrong? Type the number").fill("1")
    page.get_by_role("button", name="Correct it").click()
    expect(page.get_by_text("Corrected by hand")).to_be_visible()
    page.goto(kept(site, picture_of("7")))
    page.get_by_role("button", name="This is right").click()
    expect(page.get_by_text("Confirmed by hand")).to_be_visible()


def test_the_picture_is_zoomed_with_its_boxes(open_page: Open, site: Running) -> None:
    page = open_page(kept(site, picture_of("4072")))
    picture, box = page.locator(".picture img"), page.locator(".picture rect").first
    page.wait_for_load_state("networkidle")
    before, around = picture.bounding_box(), box.bounding_box()
    smaller, larger = page.get_by_role("button", name="Smaller"), page.get_by_role("button", name="Larger")
    expect(smaller).to_be_disabled()
    for _ in range(2):
        larger.click()
    after, then = picture.bounding_box(), box.bounding_box()
    assert before
    assert after
    assert around
    assert then
    assert after["width"] == pytest.approx(2 * before["width"], rel=0.02)
    assert then["height"] == pytest.approx(2 * around["height"], rel=0.05)
    assert page.evaluate("document.documentElement.scrollWidth") <= DESKTOP["width"]
    for _ in range(2):
        smaller.click()
    assert picture.bounding_box() == before


def sheet_of(*rows: tuple[str, ...]) -> bytes:
    """A picture of numbers in rows and columns."""
    sheet = Image.new("L", (450 * max(map(len, rows)), 150 * len(rows)), 255)
    for y, row in enumerate(rows):
        for x, number in enumerate(row):
            sheet.paste(Image.open(io.BytesIO(picture_of(number))), (450 * x, 150 * y))
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def test_numbers_in_rows_and_columns_are_a_table_to_take_away(open_page: Open, site: Running) -> None:
    path = kept(site, sheet_of(("12", "360"), ("4072", "7")))
    page = open_page(path, permissions=["clipboard-read", "clipboard-write"])
    expect(page.get_by_role("heading", level=2).first).to_have_text("The 4 numbers as a table")
    expect(page.locator(".sheet .n")).to_have_text(["12", "360", "4072", "7"])
    expect(page.get_by_role("link", name="3 other numbers")).to_have_attribute("href", "#table")
    page.get_by_role("button", name="Copy table").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "12\t360\n4072\t7"
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.path().read_text() == "12,360\n4072,7\n"
    page.get_by_role("link", name="360").click()
    expect(page.get_by_role("list", name="Probability of each digit").filter(visible=True)).to_have_count(4 + 3)
    page.get_by_label("The right number for 360").fill("361")
    page.keyboard.press("Enter")
    expect(page.locator(".sheet .n")).to_have_text(["12", "361", "4072", "7"])
    expect(page.get_by_label("The right number for 360")).to_be_focused()
    expect(page.locator("summary").filter(has_text="361")).to_contain_text("Corrected")
    expect(page.get_by_role("heading", level=1)).to_have_text("4072")
    assert requests.get(f"{site.url}{path}/table.csv", timeout=30).text == "12,361\r\n4072,7\r\n"
    expect(page.locator("#labels tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Take back").click()
    expect(page.locator(".sheet .n")).to_have_text(["12", "360", "4072", "7"])
    expect(page.locator("#labels tbody td.n")).to_have_text(["361 taken back", "361"])
    form = requests.get(f"{site.url}{path}", headers={"Accept": JSON}, timeout=30).json()
    assert (form["labels"], [each["of_number"] for each in form["label_history"]]) == ([], [1, 1])


def test_the_number_and_the_address_are_copied(open_page: Open, site: Running) -> None:
    page = open_page(kept(site, picture_of("12")), permissions=["clipboard-read", "clipboard-write"])
    for name, text in (("Copy number", "12"), ("Copy link", page.url)):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == text
        expect(page.get_by_role("button", name=name)).to_be_visible()
    assert page.locator(".main:is(button, .button)").count() == 1


def test_each_number_of_a_picture_can_be_opened(open_page: Open, site: Running) -> None:
    page = open_page(kept(site, sheet_of(("7",), ("4072",))))
    expect(page.get_by_role("heading", name="The 2 numbers in this picture")).to_be_visible()
    bars = page.get_by_role("list", name="Probability of each digit")
    expect(bars.filter(visible=True)).to_have_count(4)
    page.locator("summary").filter(has_text="7").first.click()
    expect(bars.filter(visible=True)).to_have_count(5)


def test_it_is_taken_elsewhere_as_json_and_as_a_command(open_page: Open, site: Running) -> None:
    path = kept(site, picture_of("12"))
    page = open_page(path, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_text("Use from programs").click()
    page.get_by_text("Show the JSON").click()
    page.get_by_role("button", name="Copy", exact=True).last.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    answer = requests.get(f"{site.url}{path}", headers={"Accept": JSON}, timeout=30).json()
    assert json.loads(page.evaluate("navigator.clipboard.readText()")) == answer
    page.get_by_role("button", name="Copy", exact=True).first.click()
    command = page.evaluate("navigator.clipboard.readText()")
    assert command == f'curl -H "Accept: application/json" {site.url}{path}'
