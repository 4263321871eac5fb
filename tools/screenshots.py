"""Pictures of all pages at a phone's and a desktop's size, light and dark, into docs/screens: `make screenshots`.

It starts the service on an empty store, uses it as a person would, and leaves nothing behind but the pictures.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

SCREENS = Path(__file__).parents[1] / "docs/screens"
SAMPLES = SCREENS.parents[1] / "src/mnist_predict/web/static/samples"
CHROMIUM = "/usr/bin/chromium"
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
JSON = {"Accept": "application/json"}
COLOURS = 128
PATIENCE = 120_000  # milliseconds: a busy machine is not to end it

SEVEN = [[(60, 60), (130, 55), (95, 190)], [(75, 125), (120, 120)]]
TWO = [[(160, 85), (175, 60), (205, 62), (212, 95), (165, 185), (230, 182)]]


@contextmanager
def service(folder: str) -> Iterator[str]:
    """The address of a service whose data lives in that folder."""
    command = Path(sys.executable).parent / "mnist-predict"
    run = [str(command), "serve", "--port", "0", "--workers", "1"]
    process = subprocess.Popen(run, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # noqa: S603
    try:
        assert process.stdout  # noqa: S101
        address = next(line for line in process.stdout if line.startswith("Open ")).split()[1].removesuffix("/uploads")
        retries = Retry(120, backoff_factor=0.1, backoff_max=0.5, status_forcelist=[503], allowed_methods=None)
        with requests.Session() as session:  # the workers begin to listen after that line
            session.mount("http://", HTTPAdapter(max_retries=retries))
            session.get(f"{address}/readyz", timeout=10).raise_for_status()
        yield address
    finally:
        process.terminate()
        process.wait(40)


def fill(address: str) -> tuple[str, str]:
    """Some records; the path of the page of one, and of the review of another."""

    def upload(name: str, to: str, smaller: int = 1) -> str:
        picture, data = Image.open(SAMPLES / name).convert("RGB"), BytesIO()
        picture.reduce(smaller).save(data, "PNG")
        file = {"file": (to, data.getvalue())}
        return str(requests.post(f"{address}/uploads", files=file, headers=JSON, timeout=30).json()["id"])

    def record(**fields: str) -> None:
        requests.post(f"{address}/uploads/record", data=fields, headers=JSON, timeout=30).raise_for_status()

    board, _ = upload("360.png", "blackboard.jpg"), upload("7.png", "7.png")
    record(record=board, number="369")
    record(image_name="notebook, page 12.png", number="2718")
    small = upload("1985.png", "thumbnail.png", smaller=14)  # read, but not surely
    upload("1985.png", "scan_0312.png")
    return f"/records/{upload('4072.png', 'scan_0311.png')}", f"/review?record={small}"


def draw(page: Page) -> None:
    """A 72 on the sheet, read."""
    page.get_by_role("tab", name="Draw").click()
    page.wait_for_load_state("networkidle")
    box = page.locator("#sheet").bounding_box()
    assert box  # noqa: S101
    for (x, y), *rest in SEVEN + TWO:
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.down()
        for to_x, to_y in rest:
            page.mouse.move(box["x"] + to_x, box["y"] + to_y, steps=8)
        page.mouse.up()
    page.get_by_text("72", exact=True).first.wait_for()
    page.wait_for_load_state("networkidle")


def read_many(page: Page) -> None:
    """Three pictures chosen at once, read."""
    names = ("1985.png", "7.png", "360.png")
    page.get_by_label("Choose pictures").set_input_files([SAMPLES / name for name in names])
    page.get_by_text("3 of 3 read").wait_for()


def open_first(page: Page) -> None:
    """The first operation of the API, opened."""
    page.get_by_text("POST /read").click()
    page.get_by_role("heading", name="Operations").scroll_into_view_if_needed()


def nothing(_: Page) -> None:
    """As it is when it is opened."""


def shoot(browser: Browser, address: str, record: str, review: str) -> None:
    """All pages, at all sizes, light and dark."""
    pages: dict[str, tuple[str, Callable[[Page], None]]] = {
        "result": (record, nothing),
        "read": ("/uploads", nothing),
        "draw": ("/uploads", draw),
        "history": ("/records", nothing),
        "review": (review, nothing),
        "hand": ("/uploads/record", nothing),
        "stats": ("/stats", nothing),
        "api": ("/api", open_first),
        "many": ("/uploads", read_many),
    }
    for name, (path, act) in pages.items():
        for size, viewport in SIZES.items():
            for scheme in ("light", "dark"):
                context = browser.new_context(base_url=address, viewport=viewport, color_scheme=scheme, locale="en-GB")
                context.set_default_timeout(PATIENCE)
                page = context.new_page()
                page.goto(path)
                page.wait_for_load_state("networkidle")
                act(page)
                picture = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
                picture.quantize(COLOURS).save(SCREENS / f"{name}-{size}-{scheme}.png", optimize=True)
                context.close()


if __name__ == "__main__":
    SCREENS.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, service(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shoot(browser, address, *fill(address))
        browser.close()
