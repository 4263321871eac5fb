"""What all pages share: how they look, how they are reached, and who can use them."""

from collections.abc import Callable

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from web_examples import AA, DESKTOP, JSON, PHONE, Running, kept

Open = Callable[..., Page]

SHIFT = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((each) => { sum += each.value; }))
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(sum))));
})"""


@pytest.fixture(scope="module")
def paths(site: Running) -> list[str]:
    """One page of each kind."""
    read, blank = kept(site, "4072"), kept(site, "")
    correction = {"record": kept(site, "12").rpartition("/")[2], "number": "72"}
    label = requests.post(f"{site.url}/uploads/record", data=correction, headers={"Accept": JSON}, timeout=30).json()
    corrected, label_itself = f"/records/{label['label_of']}", f"/records/{label['id']}"
    batch = f"/batch?record={read.rpartition('/')[2]}&record={blank.rpartition('/')[2]}"
    pages = [
        "/uploads",
        "/uploads#draw",
        batch,
        "/records",
        "/records?labelled=corrected",
        "/uploads/record",
        "/api",
        "/models",
    ]
    return [*pages, "/stats", read, blank, corrected, label_itself]


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESKTOP, "light")], ids=["phone", "desktop"])
def test_every_page_can_be_used_by_everybody(
    open_page: Open, paths: list[str], size: dict[str, int], scheme: str
) -> None:
    """WCAG 2.2 AA, as far as axe-core sees it; and no page is wider than its window."""
    page = open_page("/uploads", viewport=size, color_scheme=scheme)
    for path in paths:
        page.goto(path)
        found = Axe().run(page, options=AA)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path


@pytest.mark.parametrize(
    ("width", "zoom"), [(320, 100), (390, 200), (1280, 200)], ids=["narrow", "phone-large-text", "desktop-large-text"]
)
def test_no_page_is_wider_than_its_window(open_page: Open, paths: list[str], width: int, zoom: int) -> None:
    page = open_page("/uploads", viewport={"width": width, "height": 800})
    for path in paths:
        page.goto(path)
        page.evaluate("zoom => { document.documentElement.style.fontSize = `${zoom}%`; }", zoom)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_colours_are_chosen_and_stay_chosen(open_page: Open) -> None:
    def is_dark(page: Page) -> bool:
        return bool(page.evaluate("getComputedStyle(document.body).backgroundColor === 'rgb(22, 23, 26)'"))

    page = open_page("/uploads", color_scheme="light")
    button = page.get_by_role("button", name="Dark colours")
    expect(button).to_have_attribute("aria-pressed", "false")
    assert not is_dark(page)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert is_dark(page)
    page.goto("/records")
    expect(button).to_have_attribute("aria-pressed", "true")
    assert is_dark(page)
    button.click()
    assert not is_dark(page)
    page.emulate_media(color_scheme="dark")  # as the system has them again
    assert is_dark(page)


def test_the_ring_of_the_skip_link_is_seen_whole(open_page: Open) -> None:
    page = open_page("/uploads")
    page.keyboard.press("Tab")
    box = page.get_by_role("link", name="Skip to content").bounding_box()
    assert box
    assert min(box["x"], box["y"]) >= 5  # the ring is 3 pixels wide, 2 pixels off


@pytest.mark.parametrize("width", [320, 768])
def test_no_button_lies_on_the_code_that_it_copies(open_page: Open, width: int) -> None:
    page = open_page("/uploads", viewport={"width": width, "height": 800})
    for path in ("/uploads", "/api", "/models"):
        page.goto(path)
        gaps = page.locator(".examples .copy, .card > .copy").evaluate_all(
            """places => places.map((place) => place.querySelector("pre").getBoundingClientRect().top
                 - place.querySelector("button").getBoundingClientRect().bottom)"""
        )
        assert gaps, path
        assert min(gaps) >= 0, path


def test_between_a_phone_and_a_desktop_nothing_is_torn_apart(open_page: Open, site: Running) -> None:
    page = open_page(
        f"/batch?record={kept(site, '7').rpartition('/')[2]}&record={kept(site, '4072').rpartition('/')[2]}",
        viewport={"width": 768, "height": 1024},
    )
    brand, theme, navigation = (_box(page.locator(part)) for part in (".brand", ".theme", ".top nav"))
    assert brand["y"] <= theme["y"]
    assert theme["y"] + theme["height"] <= brand["y"] + brand["height"]
    assert navigation["y"] >= brand["y"] + brand["height"]
    assert _box(page.locator("summary", has_text="Correct").first)["height"] < 40  # one line


def test_the_room_of_a_desktop_is_used(open_page: Open) -> None:
    page = open_page("/uploads", viewport=DESKTOP)
    bottoms = [(box["y"] + box["height"]) for box in map(_box, page.locator(".source, .two > .stack:last-child").all())]
    assert abs(bottoms[0] - bottoms[1]) < 2


def _box(place: Locator) -> dict[str, float]:
    box = place.bounding_box()
    assert box
    return dict(box)


def test_the_page_of_an_error_can_be_used_by_everybody(open_page: Open, site: Running) -> None:
    body = requests.get(f"{site.url}/nowhere", headers={"Accept": "text/html"}, timeout=30)
    assert body.status_code == 404
    page = open_page("/uploads")
    page.route("**/nowhere", lambda route: route.fulfill(status=200, content_type="text/html", body=body.text))
    page.goto("/nowhere")  # a status of 404 would be an error in the console, and those fail a test
    found = Axe().run(page, options=AA)
    assert found.violations_count == 0, found.generate_report()


def test_nothing_moves_while_a_page_is_loaded(open_page: Open, paths: list[str]) -> None:
    page = open_page("/uploads", viewport=PHONE)
    for path in paths:
        page.goto(path.partition("#")[0])
        page.wait_for_load_state("networkidle")
        assert page.evaluate(SHIFT) < 0.01, path  # a tenth of what is called good; text may wrap anew by a pixel


def test_the_first_page_weighs_at_most_60_kb(open_page: Open) -> None:
    page = open_page("about:blank")
    sizes = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()))
    page.goto("/uploads")
    page.wait_for_load_state("networkidle")
    assert len(sizes) >= 4
    assert sum(size["responseHeadersSize"] + size["responseBodySize"] for size in sizes) <= 60_000


@pytest.mark.parametrize("path", ["/uploads", "/records", "/uploads/record"])
def test_everything_is_reached_by_keyboard_and_shows_it(open_page: Open, path: str) -> None:
    page = open_page(path)
    can_be_pressed = "main :is(a, button, input, textarea, summary, [tabindex='0'])"
    wanted = page.locator(can_be_pressed).evaluate_all(
        """all => all.filter((e) => e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true}) && !e.disabled
             && !e.closest("[role=tab][aria-selected=false]")).length"""
    )
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    reached = 0
    for _ in range(200):
        page.keyboard.press("Tab")
        place, outline = page.evaluate(
            """() => {
              const at = document.activeElement;
              const parts = at.previous === at;  // a date has a part for each of day, month and year
              at.previous = at;
              const shown = at.matches(".by-label") ? document.querySelector(`label[for="${at.id}"]`) : at;
              return [at === document.body ? "end" : parts ? "part" : at.closest("main") ? "main" : "top",
                      getComputedStyle(shown).outlineStyle];
            }"""
        )
        if place == "end":
            break
        assert outline == "solid"
        reached += place == "main"
    assert reached == wanted


def test_the_skip_link_leads_past_the_navigation(open_page: Open) -> None:
    page = open_page("/uploads/record")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Number", exact=True)).to_be_focused()


def test_times_are_those_of_the_visitor(open_page: Open, site: Running) -> None:
    path = kept(site, "7")
    page = open_page(path, timezone_id="Asia/Kolkata", locale="en-GB")
    time = page.locator("time").first
    stamp = time.get_attribute("datetime")
    assert stamp
    hours, minutes = int(stamp[11:13]), int(stamp[14:16])
    there = (60 * hours + minutes + 330) % 1440
    expect(time).to_contain_text(f"{there // 60:02}:{there % 60:02}")
    page.goto("/records")
    expect(page.locator("time").first).to_have_text("now")


def test_on_paper_there_is_the_answer_and_nothing_to_press(open_page: Open, site: Running) -> None:
    page = open_page(kept(site, "4072"), color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("navigation")).to_be_hidden()
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
