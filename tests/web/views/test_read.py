"""Reading in a browser: files that are chosen, dropped and pasted, samples, drawings; with and without JavaScript."""

import base64
import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from web_examples import DESKTOP, PHONE, Running, picture_of

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
SEVEN = [[(60, 60), (130, 55), (95, 190)], [(75, 125), (120, 120)]]
TWO = [[(160, 75), (190, 55), (215, 85), (165, 190), (235, 185)]]

Open = Callable[..., Page]


def file(number: str, name: str = "", kind: str = "PNG") -> dict[str, object]:
    name = name or f"{number or 'blank'}.{kind.lower()}"
    return {"name": name, "mimeType": f"image/{kind.lower()}", "buffer": picture_of(number, kind)}


def choose(page: Page, *files: dict[str, object] | Path) -> None:
    page.get_by_label("Choose pictures").set_input_files(list(files))  # type: ignore[arg-type]


def draw(page: Page, strokes: list[list[tuple[int, int]]]) -> None:
    """With the mouse, on the sheet."""
    page.wait_for_load_state("networkidle")  # draw.js comes when its tab is opened
    sheet = page.locator("#sheet")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    assert box
    for (x, y), *rest in strokes:
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.down()
        for to_x, to_y in rest:
            page.mouse.move(box["x"] + to_x, box["y"] + to_y, steps=5)
        page.mouse.up()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_chosen_picture_is_read_and_shown_on_its_own_page(open_page: Open, size: dict[str, int]) -> None:
    page = open_page("/uploads", viewport=size)
    choose(page, file("4072"))
    expect(page.get_by_role("heading", level=1)).to_have_text("4072")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("4072")


@pytest.mark.parametrize("how", [DROP, PASTE], ids=["dropped", "pasted"])
def test_a_dropped_or_pasted_picture_is_read(open_page: Open, how: str) -> None:
    page = open_page("/uploads#draw")  # also while the other tab is open
    page.evaluate(how, [base64.b64encode(picture_of("12")).decode(), "12.png"])
    expect(page.get_by_role("heading", level=1)).to_have_text("12")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_many_pictures_have_a_row_each_and_none_holds_up_another(open_page: Open, size: dict[str, int]) -> None:
    page = open_page("/uploads", viewport=size, refused=True)
    text = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"seven"}
    choose(page, file("7"), file("4072"), text, file(""), file("12", kind="TIFF"))
    expect(page.get_by_role("status")).to_have_text("4 of 5 read, 1 failed")
    rows = page.get_by_role("listitem").filter(has=page.locator(".name"))
    expect(rows).to_have_count(5)
    expect(rows.filter(has_text="notes.txt")).to_contain_text("This is not a picture.")
    expect(rows.filter(has_text="blank.png")).to_contain_text("No number")
    expect(rows.filter(has_text="12.tiff").locator("img")).to_have_js_property("naturalWidth", 240)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    choose(page, file("38"))  # one more joins them
    expect(page.get_by_role("status")).to_have_text("5 of 6 read, 1 failed")
    rows.filter(has_text="4072.png").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("4072")


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(open_page: Open, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(picture_of("7").ljust(20_000_001, b"\0"))
    page = open_page("/uploads")
    choose(page, large)
    row = page.get_by_role("listitem").filter(has_text="large.png")
    expect(row).to_contain_text("at most 20 MB")
    expect(row.get_by_role("button")).to_have_count(0)


def test_a_busy_service_is_asked_again_and_a_broken_line_when_one_says_so(open_page: Open) -> None:
    page = open_page("/uploads", refused=True)
    answers = ["busy", "broken"]

    def answer(route):  # type: ignore[no-untyped-def]
        if not answers:
            route.continue_()
        elif answers.pop(0) == "busy":
            route.fulfill(status=503, headers={"Retry-After": "1"}, json={"error": "Busy.", "status": 503})
        else:
            route.abort()

    page.route("**/uploads", answer)
    choose(page, file("7"))
    row = page.get_by_role("listitem").filter(has_text="7.png")
    expect(row).to_contain_text("The service does not answer.")
    row.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("7")


def test_a_sample_is_one_tap_and_kept_once(open_page: Open) -> None:
    page = open_page("/uploads")
    page.get_by_role("button", name="Read the sample 1985").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1985")
    first = page.url
    page.go_back()
    page.get_by_role("button", name="Read the sample 1985").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1985")
    assert page.url == first


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_drawing_is_read_while_it_is_drawn_and_kept_on_demand(open_page: Open, size: dict[str, int]) -> None:
    page = open_page("/uploads", viewport=size, device_scale_factor=2)
    page.get_by_role("tab", name="Draw").click()
    live, undo = page.locator("#live .number"), page.get_by_role("button", name="Undo")
    expect(undo).to_be_disabled()
    draw(page, SEVEN)
    expect(live).to_have_text("7")
    draw(page, TWO)
    expect(live).to_have_text("72")
    undo.click()
    expect(live).to_have_text("7")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Write a number")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(live).to_have_text("7")
    page.get_by_role("button", name="Keep this drawing").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("7")
    sides = page.locator(".picture img").evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert max(sides) < 800  # as drawn, not in the pixels of a fine screen


def test_a_pen_that_presses_draws_a_broader_line(open_page: Open) -> None:
    page = open_page("/uploads#draw")
    page.wait_for_load_state("networkidle")
    ink = []
    for pressure in (0.1, 1.0):
        page.evaluate(
            """(pressure) => {
              const sheet = document.getElementById("sheet");
              sheet.setPointerCapture = () => {};
              const { x: left, y: top } = sheet.getBoundingClientRect();
              const event = (kind, x) => new PointerEvent(kind, { pointerType: "pen", pointerId: 5, pressure,
                bubbles: true, clientX: left + x, clientY: top + 90 });
              sheet.dispatchEvent(event("pointerdown", 40));
              for (let x = 44; x <= 200; x += 4) sheet.dispatchEvent(event("pointermove", x));
              sheet.dispatchEvent(event("pointerup", 200));
            }""",
            pressure,
        )
        ink.append(
            page.evaluate(
                """() => {
                  const sheet = document.getElementById("sheet");
                  const copy = document.createElement("canvas");
                  [copy.width, copy.height] = [sheet.width, sheet.height];
                  copy.getContext("2d").drawImage(sheet, 0, 0);
                  const { data } = copy.getContext("2d").getImageData(0, 0, sheet.width, sheet.height);
                  return data.filter((value, at) => at % 4 === 0 && value < 128).length;
                }"""
            )
        )
        page.get_by_role("button", name="Clear").click()
    assert ink[1] > 2 * ink[0] > 0


def test_the_tabs_are_moved_between_by_arrows(open_page: Open) -> None:
    page = open_page("/uploads")
    page.get_by_role("tab", name="Picture").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Draw")).to_be_focused()
    expect(page.locator("#sheet")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("Choose pictures")).to_be_attached()
    expect(page.locator("#sheet")).to_be_hidden()


def test_by_keyboard_alone_a_file_is_chosen_and_its_row_followed(open_page: Open) -> None:
    page = open_page("/uploads")
    page.on("filechooser", lambda chooser: chooser.set_files([file("7"), file("1")]))  # type: ignore[list-item]
    page.wait_for_load_state("networkidle")
    page.get_by_role("tab", name="Picture").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Choose pictures")).to_be_focused()
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="7 in 7.png")
    expect(link).to_be_visible()
    for _ in range(20):
        page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("7")


def test_a_phone_offers_its_camera(open_page: Open) -> None:
    page = open_page("/uploads", viewport=PHONE, has_touch=True, is_mobile=True)
    expect(page.get_by_text("Use the camera")).to_be_visible()
    camera = page.get_by_label("Use the camera")
    expect(camera).to_have_attribute("capture", "environment")
    camera.set_input_files(file("7", "IMG_0001.png"))  # type: ignore[arg-type]
    expect(page.get_by_role("heading", level=1)).to_have_text("7")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_without_javascript_it_is_a_plain_form(open_page: Open, size: dict[str, int]) -> None:
    page = open_page("/uploads", viewport=size, java_script_enabled=False, refused=True)
    expect(page.get_by_role("tab")).to_have_count(0)
    choose(page, file("7"))
    page.get_by_text("Do you know what to expect?").click()
    page.get_by_label("Expected number").fill("four digits")
    page.get_by_role("button", name="Read the number").click()
    expect(page.get_by_role("alert")).to_contain_text("four digits")
    expect(page.get_by_label("Expected number")).to_have_value("four digits")
    expect(page.get_by_label("Expected number")).to_be_focused()
    page.get_by_label("Expected number").fill("1 digit")
    choose(page, file("7"))
    page.get_by_role("button", name="Read the number").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("7")
    page.goto("/uploads")
    choose(page, file("12"), file("4072"))
    page.get_by_role("button", name="Read the number").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 pictures")
    address = page.url
    page.get_by_role("link", name="4072").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("4072")
    page.go_back()
    assert page.url == address
    page.locator(".edit summary").first.click()
    page.get_by_label("The right number in 12.png").fill("13")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("Corrected")
    expect(page.get_by_role("row").nth(1)).to_contain_text("13")
    assert page.url == address
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    rows = list(csv.DictReader(download.value.path().read_text("utf-8").splitlines()))
    assert [row["number"] for row in rows] == ["12", "4072"]


def test_what_is_expected_is_heeded_by_pictures_and_drawings(open_page: Open) -> None:
    page = open_page("/uploads", refused=True)
    page.get_by_text("Do you know what to expect?").click()
    field = page.get_by_label("Expected number")
    field.fill("nonsense")
    choose(page, file("7"))
    expect(page.get_by_role("listitem").filter(has_text="7.png")).to_contain_text("Not read: see what is expected.")
    expect(page.get_by_role("alert")).to_contain_text("Say what is expected as")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("7")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("7")
    page.goto("/uploads")
    page.get_by_text("Do you know what to expect?").click()
    field.fill("12,15,20")
    page.get_by_role("tab", name="Draw").click()
    draw(page, SEVEN)
    draw(page, TWO)
    expect(page.locator("#live .number")).to_have_text("12")
    page.get_by_role("button", name="Keep this drawing").click()
    expect(page.get_by_text("Read freely, not as 12,15,20, this is 72.", exact=True)).to_be_visible()


def test_what_was_read_is_there_for_who_comes_back_and_corrected_in_place(open_page: Open, site: Running) -> None:
    page = open_page("/uploads")
    choose(page, file("7"), file("4072"), file(""))
    expect(page.get_by_role("status")).to_have_text("3 of 3 read")
    rows = page.get_by_role("listitem").filter(has=page.locator(".name"))
    row = rows.filter(has_text="4072.png")
    row.get_by_role("button", name="Correct").click()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # as it was read
    expect(row).to_contain_text("Confirmed")
    expect(row.locator("s")).to_be_hidden()
    row.get_by_role("button", name="Correct").click()
    row.get_by_label("The right number").fill("4012")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("Corrected")
    expect(row.locator("s")).to_have_text("4072")
    expect(row.get_by_role("button", name="Correct")).to_be_focused()
    row.get_by_role("link", name="4012").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("4012")
    page.go_back()
    expect(page.get_by_role("status")).to_have_text("3 of 3 read")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="4072.png").get_by_role("link")).to_have_text("4012")
    page.get_by_role("link", name="Review the one that is not sure").click()
    expect(page.get_by_role("img", name="The number in blank.png")).to_be_visible()


def test_results_are_taken_away_as_csv(open_page: Open) -> None:
    page = open_page("/uploads", refused=True)
    notes = {"name": '=1+"1".txt', "mimeType": "text/plain", "buffer": b"seven"}
    choose(page, file("7"), file("12", "a,b.png"), notes)
    expect(page.get_by_role("status")).to_have_text("2 of 3 read, 1 failed")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    assert download.value.suggested_filename == "results.csv"
    rows = list(csv.DictReader(download.value.path().read_text("utf-8").splitlines()))
    assert [(row["image_name"], row["number"], row["numbers"]) for row in rows] == [
        ("7.png", "7", "1"),
        ("a,b.png", "12", "1"),
        ('\'=1+"1".txt', "", ""),
    ]
    assert float(rows[0]["confidence"]) > 0.5
    assert rows[2]["error"].startswith("This is not a picture.")


def test_what_is_not_read_yet_is_cancelled_and_may_be_tried_again(open_page: Open) -> None:
    page = open_page("/uploads", refused=True)
    held = []
    page.route("**/uploads", lambda route: held.append(route))
    choose(page, file("7"), file("1"), file("12"))
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_have_text("0 of 3 read, 3 failed")
    rows = page.get_by_role("listitem").filter(has=page.locator(".name"))
    expect(rows.filter(has_text="Cancelled")).to_have_count(3)
    page.unroute("**/uploads")
    rows.filter(has_text="12.png").get_by_role("button", name="Try again").click()
    expect(page.get_by_role("status")).to_have_text("1 of 3 read, 2 failed")


def test_a_picture_is_turned_and_cut_before_it_is_read(open_page: Open) -> None:
    page = open_page("/uploads")
    upright = Image.open(io.BytesIO(picture_of("4072")))
    sideways = io.BytesIO()
    upright.rotate(90, expand=True).save(sideways, "PNG")
    picture = {"name": "sideways.png", "mimeType": "image/png", "buffer": sideways.getvalue()}
    page.get_by_label("Crop or turn one first").set_input_files([picture])  # type: ignore[list-item]
    page.get_by_role("button", name="Turn right").click()
    sheet = page.get_by_role("dialog").locator("canvas")
    box = sheet.bounding_box()
    assert box
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 2, steps=4)
    page.mouse.up()
    assert float(page.get_by_label("Right", exact=True).input_value()) == pytest.approx(50, abs=1)
    page.get_by_role("button", name="Read this part").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("40")


def test_what_was_drawn_is_rubbed_out_and_is_there_for_who_comes_back(open_page: Open) -> None:
    page = open_page("/uploads")
    page.get_by_role("tab", name="Draw").click()
    draw(page, SEVEN)
    draw(page, TWO)
    live = page.locator("#live .number")
    expect(live).to_have_text("72")
    page.get_by_label("Eraser").check()
    page.get_by_label("Width of the pen").fill("24")
    draw(page, [[(150, y), (250, y)] for y in range(45, 215, 20)])
    expect(live).to_have_text("7")
    page.get_by_role("button", name="Keep this drawing").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("7")
    page.go_back()
    expect(page.get_by_role("tab", name="Draw")).to_have_attribute("aria-selected", "true")
    expect(live).to_have_text("7")
    for _ in range(3):  # the undoing ends with what was drawn before one came back
        page.keyboard.press("Control+z")
    expect(live).to_have_text("7")


def test_a_drawing_is_read_when_the_service_answers_again(open_page: Open) -> None:
    page = open_page("/uploads#draw", refused=True)
    page.route("**/read", lambda route: route.abort())
    draw(page, SEVEN)
    expect(page.get_by_text("The service does not answer.")).to_be_visible()
    page.unroute("**/read")
    expect(page.locator("#live .number")).to_have_text("7")


def test_the_page_says_what_becomes_of_a_picture(open_page: Open, site: Running) -> None:
    page = open_page("/uploads")
    lead = page.locator(".lead")
    expect(lead).to_contain_text(str(site.log.parent / "instance/mnist_predict.sqlite"))
    expect(lead).to_contain_text("until you erase them")
