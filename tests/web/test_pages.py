"""The pages in a browser: what people do with them, at a phone's and a desktop's width, with and without JavaScript."""

import base64
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from web_examples import Running, picture_of, serving

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1200, "height": 800}

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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not shutil.which(CHROMIUM):
        words = "The pages are tested in Chromium: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield running
        running.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("pages")) as it:
        yield it


@pytest.fixture
def open_page(browser: Browser, service: Running) -> Iterator[Open]:
    """Open a page of the service; whatever it complains about in the console is a failure."""
    complaints: list[str] = []
    contexts = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def go(path: str, **settings: object) -> Page:
        context = browser.new_context(base_url=service.url, **{"viewport": DESKTOP, **settings})  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield go
    for context in contexts:
        context.close()
    assert complaints == []


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
    page.get_by_role("link", name="Records", exact=True).first.click()
    row = page.get_by_role("row").filter(has_text="<b>notes</b>.png")
    expect(row).to_contain_text("By hand")
    expect(row.locator("time")).to_have_text("now")


def test_everything_is_reached_by_keyboard(open_page: Open) -> None:
    page = open_page("/uploads")
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
    assert reached[0] == "To the content"
    assert {"Read", "Records", "Record by hand", "file", "Read the number"} <= set(reached)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_no_page_is_wider_than_its_window(open_page: Open, size: dict[str, int], scheme: str) -> None:
    page = open_page("/uploads", viewport=size, color_scheme=scheme)
    read(page, "0123456789", "a_rather_long_name_" * 8 + ".png")
    shown = page.url
    page.get_by_label("Wrong? Type the number").fill("1234567890" * 4)
    page.get_by_role("button", name="Correct it").click()
    expect(page.get_by_text("Corrected by hand")).to_be_visible()
    for path in (shown, "/uploads", "/records", "/uploads/record"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path


CONTRAST = """() => {
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = rgb(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const words = [...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!words || !node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const [a, b] = [light(rgb(style.color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) poor.push(`${ratio.toFixed(2)} ${node.textContent.trim().slice(0, 40)}`);
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(open_page: Open, scheme: str) -> None:
    """WCAG 2.2, success criterion 1.4.3 (AA)."""
    page = open_page("/uploads", color_scheme=scheme)
    assert page.evaluate(CONTRAST) == []
    read(page, "4072")
    assert page.evaluate(CONTRAST) == []
    page.goto("/uploads")
    page.get_by_label("choose").set_input_files(png("", "blank.png"))  # type: ignore[arg-type]
    page.get_by_role("button", name="Read the number").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("No number")
    for path in (page.url, "/records", "/uploads/record"):
        page.goto(path)
        assert page.evaluate(CONTRAST) == []


def test_the_first_page_weighs_at_most_60_kb(open_page: Open) -> None:
    page = open_page("about:blank")
    sizes = []
    page.on("requestfinished", lambda request: sizes.append(sum(request.sizes().values())))
    page.goto("/uploads")
    page.wait_for_load_state("networkidle")
    assert len(sizes) >= 4
    assert sum(sizes) <= 60_000
