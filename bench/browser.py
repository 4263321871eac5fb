"""How quick the pages are in Chromium, on loopback: `python -m bench.browser`.

From a page that was never seen to the number of a picture, and from the end of a stroke to what is read in it.
"""

import statistics
import time

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table

from bench.pictures import pictures
from bench.served import server

CHROMIUM = "/usr/bin/chromium"
SEVEN = [[(60, 60), (130, 55), (95, 190)], [(75, 125), (120, 120)]]
LIVE = "performance.getEntriesByName('drawn and read').map((one) => one.duration)"


def first_reading(browser: Browser, url: str, picture: bytes) -> tuple[float, float]:
    """Milliseconds of a first visit: until the page can be used, and on from the choice of a picture to its number."""
    context = browser.new_context()
    page = context.new_page()
    began = time.perf_counter()
    page.goto(f"{url}/uploads")
    page.wait_for_selector("#tab-draw", state="visible")
    usable = time.perf_counter()
    page.set_input_files("#file", {"name": "7.png", "mimeType": "image/png", "buffer": picture})
    page.wait_for_url("**/records/*", wait_until="commit")
    page.wait_for_selector("main h1")
    done = time.perf_counter()
    context.close()
    return (usable - began) * 1e3, (done - usable) * 1e3


def live(browser: Browser, url: str, times: int) -> list[float]:
    """Milliseconds from the end of each stroke until what is read is shown, as the page itself measures them."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}/uploads#draw")
    sheet = page.locator("#sheet").bounding_box()
    assert sheet
    for turn in range(times):
        for count, stroke in enumerate(SEVEN, start=1):
            (x, y), *rest = [(sheet["x"] + x, sheet["y"] + y) for x, y in stroke]
            page.mouse.move(x, y)
            page.mouse.down()
            for place in rest:
                page.mouse.move(*place, steps=8)
            page.mouse.up()
            while len(page.evaluate(LIVE)) < 2 * turn + count:
                page.wait_for_timeout(5)
        page.click("#clear")
    took: list[float] = page.evaluate(LIVE)
    context.close()
    return took


def main() -> None:
    """Measure and print."""
    table = Table(title="pages in Chromium")
    for heading in ("what", "median ms", "worst ms", "goal"):
        table.add_column(heading, justify="left" if heading == "what" else "right")

    def row(what: str, took: list[float], goal: str = "") -> None:
        table.add_row(what, f"{statistics.median(took):.0f}", f"{max(took):.0f}", goal)

    with server() as (port, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        url = f"http://127.0.0.1:{port}"
        visits = [first_reading(browser, url, picture) for picture in pictures(11)][1:]  # the first warms up
        row("a first visit, until the page can be used", [usable for usable, _ in visits])
        row("on from the choice of a picture to the page of its number", [read for _, read in visits])
        row("both: time to the first reading", [sum(both) for both in visits])
        row("drawing: end of a stroke to what is read", live(browser, url, 15), "60")
        browser.close()
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
