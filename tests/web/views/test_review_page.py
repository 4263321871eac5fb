"""The review in a browser: by keyboard alone, on a phone, without JavaScript, and two people at once."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from web_examples import AA, DESKTOP, JSON, PHONE, Running, keep_unsure, picture_of, serving

from mnist_predict.store.ids import new_id
from mnist_predict.store.record import Record
from mnist_predict.store.sqlite.store import SqliteStore
from mnist_predict.vision.recognizer import Recognizer

Open = Callable[..., Page]
Wait = Callable[..., list[str]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service whose review is this module's alone."""
    with serving(tmp_path_factory.mktemp("review")) as it:
        yield it


@pytest.fixture
def wait(site: Running, recognizer: Recognizer) -> Iterator[Wait]:
    """Have readings of these numbers wait, the last of them first, and nothing else."""
    file = Path(site.log.parent) / "instance/mnist_predict.sqlite"
    store = SqliteStore(file)
    store.check_writable()
    with sqlite3.connect(file) as connection:
        connection.execute("delete from review")
    connection.close()
    yield lambda *numbers: keep_unsure(store, recognizer, *numbers)
    store.close()


def said(site: Running, record_id: str) -> list[str]:
    """The numbers of the labels of a record, the newest first."""
    found = requests.get(f"{site.url}/records/{record_id}", headers={"Accept": JSON}, timeout=30).json()
    return [label["number"] for label in found["labels"]]


def says(site: Running, record_id: str, *labels: str) -> None:
    """Fails unless these are soon the labels of a record: the page goes on while it sends what was said."""
    give_up = time.monotonic() + 15
    while said(site, record_id) != list(labels) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert said(site, record_id) == list(labels)


def number(page: Page) -> Locator:
    """Where the number is that is asked about."""
    return page.locator(".review:visible").get_by_role("textbox", name="Number")


def shows(page: Page, text: str) -> None:
    expect(number(page)).to_have_value(text)


def test_by_keyboard_alone(open_page: Open, site: Running, wait: Wait) -> None:
    blank, a360, a12, a4072, seven = wait("", "360", "12", "4072", "7")
    page = open_page("/review")
    shows(page, "7")
    expect(number(page)).to_be_focused()
    expect(page.get_by_text("5 left")).to_be_visible()
    page.keyboard.press("Enter")
    shows(page, "4072")
    page.keyboard.type("4012")
    page.keyboard.press("Enter")
    shows(page, "12")
    page.keyboard.press("n")
    shows(page, "360")
    expect(page.get_by_text("2 left · 3 done")).to_be_visible()
    page.keyboard.press("u")
    shows(page, "12")
    expect(page.get_by_text("Your answer was taken back.").locator("visible=true")).to_be_visible()
    expect(page.get_by_text("3 left · 2 done")).to_be_visible()
    page.keyboard.press("Enter")
    shows(page, "360")
    page.keyboard.press("ArrowRight")
    shows(page, "")
    page.keyboard.press("ArrowLeft")
    shows(page, "360")
    page.keyboard.press("s")
    shows(page, "")
    page.keyboard.press("n")
    expect(page.get_by_text("The remaining readings are with other people or were skipped.")).to_be_visible()
    expect(page.get_by_text("1 left · 4 done")).to_be_visible()
    for one, labels in ((seven, ["7"]), (a4072, ["4012"]), (a12, ["12"]), (a360, []), (blank, [""])):
        says(site, one, *labels)
    page.keyboard.press("u")
    shows(page, "")
    says(site, blank)
    history = requests.get(f"{site.url}/records/{a12}", headers={"Accept": JSON}, timeout=30).json()["label_history"]
    assert [each["number"] for each in history] == ["12", "", ""]
    assert history[1]["withdraws"] == history[2]["id"]


def test_two_people_at_once_get_different_pictures(open_page: Open, site: Running, wait: Wait) -> None:
    ids = wait(*["7", "12", "360", "4072"] * 3)
    pages = [open_page("/review"), open_page("/review")]
    for page in pages:
        expect(page.locator(".review")).to_have_count(6)
    shown = [set(page.locator(".review").evaluate_all("all => all.map((e) => e.dataset.record)")) for page in pages]
    assert shown[0] | shown[1] == set(ids)
    assert shown[0].isdisjoint(shown[1])
    for page in pages:
        for left in range(5, 0, -1):
            page.keyboard.press("Enter")
            expect(page.locator(".review:not([data-state])")).to_have_count(left)
        page.keyboard.press("Enter")
    expect(pages[1].get_by_text("Nothing to review.")).to_be_visible()
    for each, text in zip(ids, ["7", "12", "360", "4072"] * 3, strict=True):
        says(site, each, text)


def test_what_comes_next_is_there_before_it_is_asked_for(open_page: Open, wait: Wait) -> None:
    wait(*["7", "12", "360", "4072"] * 2)
    page = open_page("/review")
    shows(page, "4072")
    page.wait_for_load_state("networkidle")
    page.route("**/review/*/crop?*", lambda route: route.abort())
    shown = []
    for _ in range(3):
        page.keyboard.press("Enter")
        shown.append(number(page).input_value())
    assert shown == ["360", "12", "7"]


LATE = """window.fetch = ((send) => async (path, rest) => {
  const answer = await send(path, rest);
  if (path.endsWith("/next") && !window.release) {
    document.documentElement.dataset.held = "yes";
    await new Promise((go) => { window.release = go; });
  }
  return answer;
})(window.fetch); void 0"""


def test_what_the_service_answered_before_it_was_skipped_does_not_bring_it_back(
    open_page: Open, site: Running, wait: Wait
) -> None:
    a360, seven, a12 = wait("360", "7", "12")
    page = open_page("/review")
    shows(page, "12")
    page.wait_for_load_state("networkidle")
    page.evaluate(LATE)
    page.keyboard.press("Enter")
    shows(page, "7")
    expect(page.locator("html")).to_have_attribute("data-held", "yes")
    page.keyboard.press("s")
    shows(page, "360")
    says(site, a12, "12")
    page.evaluate("window.release()")
    page.keyboard.press("n")
    expect(page.get_by_text("The remaining readings are with other people or were skipped.")).to_be_visible()
    expect(page.get_by_text("1 left · 2 done")).to_be_visible()
    assert [said(site, one) for one in (seven, a360)] == [[], [""]]


def test_what_could_not_be_kept_comes_back_and_says_so(open_page: Open, site: Running, wait: Wait) -> None:
    older, newer = wait("7", "12")
    page = open_page("/review", refused=True)
    shows(page, "12")
    page.route("**/review/answer", lambda route: route.abort())
    page.keyboard.press("Enter")
    expect(
        page.get_by_text("The service does not answer. Your answer was not saved").locator("visible=true")
    ).to_be_visible()
    shows(page, "12")
    expect(page.get_by_text("2 left")).to_be_visible()
    page.unroute("**/review/answer")
    page.keyboard.press("Enter")
    shows(page, "7")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing to review.")).to_be_visible()
    says(site, older, "7")
    says(site, newer, "12")


def test_on_a_phone(open_page: Open, site: Running, wait: Wait) -> None:
    seven, a12 = wait("7", "12")
    page = open_page("/review", viewport=PHONE, has_touch=True, is_mobile=True)
    shows(page, "12")
    expect(number(page)).not_to_be_focused()  # it would open the keyboard
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    number(page).fill("13")
    page.get_by_role("button", name="Save").tap()
    shows(page, "7")
    page.get_by_role("button", name="No number").tap()
    expect(page.get_by_text("Nothing to review.")).to_be_visible()
    says(site, seven, "")
    says(site, a12, "13")


def test_without_javascript(open_page: Open, site: Running, wait: Wait) -> None:
    a360, seven, a12 = wait("360", "7", "12")
    page = open_page("/review", java_script_enabled=False)
    page.get_by_role("button", name="Start").click()
    shows(page, "12")
    number(page).fill("13")
    page.get_by_role("button", name="Right").click()
    shows(page, "7")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 label taken back.")).to_be_visible()
    shows(page, "12")
    page.get_by_role("button", name="Right").click()
    shows(page, "7")
    page.get_by_role("button", name="Skip").click()
    shows(page, "360")
    page.get_by_role("button", name="No number").click()
    expect(page.get_by_text("The remaining readings are with other people or were skipped.")).to_be_visible()
    assert [said(site, one) for one in (a12, seven, a360)] == [["12"], [], [""]]


def test_the_grid_confirms_forty_and_brings_the_wrong_ones_one_by_one(
    open_page: Open, site: Running, wait: Wait
) -> None:
    _, *others, first = wait("12", *["7"] * 41)
    page = open_page("/review/grid")
    page.get_by_role("button", name="7, ").click()
    expect(page.get_by_role("checkbox")).to_have_count(40)
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Confirm the rest").click()
    shows(page, "7")
    assert page.locator(".review").first.get_attribute("data-record") == first
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 done")).to_be_visible()
    says(site, first, "1")
    assert sum(said(site, each) == ["7"] for each in others) == 39
    page.get_by_role("button", name="Undo all 39").click()
    expect(page.get_by_text("39 labels taken back.")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(39)
    assert [said(site, each) for each in others] == [[]] * 40


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_can_be_used_by_everybody(open_page: Open, wait: Wait, scheme: str) -> None:
    wait("", "7", "4072")
    page = open_page("/review", viewport=PHONE, color_scheme=scheme)
    shows(page, "4072")
    found = Axe().run(page, options=AA)
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("s")
    page.keyboard.press("s")
    expect(page.get_by_role("img", name="The number in blank-0.png")).to_be_visible()
    page.goto("/review/grid")
    page.get_by_role("button", name="7, ").click()
    page.wait_for_url("**/review/grid?*")
    found = Axe().run(page, options=AA)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_digit_of_a_number_is_seen(open_page: Open, site: Running, wait: Wait, size: dict[str, int]) -> None:
    [seven] = wait("7")
    page = open_page(f"/review?record={seven}", viewport=size)
    for length in (1, 6, 7, 9, 14, 15, 32):
        text = "8" * length
        page.keyboard.press("Control+a")
        page.keyboard.type(text)
        shows(page, text)
        assert number(page).evaluate("field => field.scrollWidth <= field.clientWidth"), length
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], length
    for length in (9, 32, 100):
        text = "12" * (length // 2) + "3" * (length % 2)
        requests.post(
            f"{site.url}/uploads/record", data={"record": seven, "number": text}, timeout=30
        ).raise_for_status()
        page.goto(f"/review?record={seven}")
        whole = number(page).evaluate("field => field.scrollWidth <= field.clientWidth")
        assert whole or page.locator(".whole").inner_text() == text
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], length


def test_what_was_nearly_read_is_a_press_away(
    open_page: Open, site: Running, wait: Wait, recognizer: Recognizer
) -> None:
    [older] = wait("12")
    picture, reading = picture_of("7"), recognizer.read(picture_of("7"))
    [number] = reading.numbers
    nearly = replace(number.digits[0], probabilities=(0.0, 0.4, *[0.0] * 5, 0.6, 0.0, 0.0))
    reading = replace(reading, numbers=(replace(number, confidence=0.6, digits=(nearly,)),))
    record = Record(new_id(), "7.png", "7", "upload", sha256(picture).hexdigest(), reading)
    store = SqliteStore(Path(site.log.parent) / "instance/mnist_predict.sqlite")
    store.add(record, picture)
    store.close()
    page = open_page("/review")
    shows(page, "7")
    expect(page.locator(".review:visible").get_by_role("button", name="It is 1")).to_be_visible()
    page.keyboard.press("a")
    shows(page, "12")
    says(site, str(record.id), "1")
    assert said(site, older) == []


def test_the_button_says_what_it_does(open_page: Open, wait: Wait) -> None:
    wait("7")
    page = open_page("/review")
    expect(page.get_by_role("button", name="Right Enter")).to_be_visible()
    page.keyboard.type("1")
    expect(page.get_by_role("button", name="Save Enter")).to_be_visible()
    page.keyboard.press("Backspace")
    page.keyboard.type("7")
    expect(page.get_by_role("button", name="Right Enter")).to_be_visible()


def test_who_comes_back_goes_on_where_they_were_and_what_they_left_was_free(
    open_page: Open, site: Running, wait: Wait
) -> None:
    ids = wait("360", "12", "4072", "7")
    page = open_page("/review")
    shows(page, "7")
    page.keyboard.press("Enter")
    shows(page, "4072")
    says(site, ids[3], "7")
    page.goto("/records")
    for _ in range(100):
        given = requests.post(f"{site.url}/review/next", headers={"Accept": JSON}, timeout=30).json()
        if given["readings"]:
            break
        time.sleep(0.1)
    assert [reading["id"] for reading in given["readings"]] == [ids[2]]  # what the page had reserved
    back = {"record": ids[2], "reviewer": given["reviewer"]}
    requests.post(f"{site.url}/review/release", data=back, timeout=30).raise_for_status()
    page.go_back()
    shows(page, "4072")
    expect(page.get_by_text("3 left · 1 done")).to_be_visible()
    page.keyboard.press("u")
    shows(page, "7")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    shows(page, "4072")
    says(site, ids[3], "1")


@pytest.mark.parametrize("script", [True, False])
def test_one_kind_of_reading_comes_first_or_alone(open_page: Open, wait: Wait, script: bool) -> None:
    wait("", "7", "4072")
    page = open_page("/review", java_script_enabled=script)
    page.get_by_text("Which ones first?").click()
    page.get_by_label("Reason").select_option("Without a number")
    page.get_by_role("button", name="Show").click()
    if not script:
        page.get_by_role("button", name="Start").click()
    shows(page, "")
    page.get_by_role("button", name="No number").locator("visible=true").click()
    expect(page.get_by_text("2 left")).to_be_visible()
    expect(page.get_by_text("The remaining readings are with other people or were skipped.")).to_be_visible()
