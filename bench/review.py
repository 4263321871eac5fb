"""The review, from the key that answers to the next picture on the screen: `python -m bench.review`.

Real server, real Chromium, real pictures: each key is pressed when the page is at rest, and the clock runs from the
browser's own time of the key to the frame after the next picture is decoded. The limit: the same for a key that does
nothing, after which the picture that is there is looked for.
"""

import statistics
import tempfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench.pictures import pictures
from bench.served import server
from mnist_predict.store.ids import new_id
from mnist_predict.store.record import Record
from mnist_predict.store.sqlite.store import SqliteStore
from mnist_predict.vision.recognizer import open_recognizer

KEYS = 30
CHROMIUM = "/usr/bin/chromium"
WATCH = """() => {
  window.times = [];
  const frame = () => new Promise(requestAnimationFrame);
  addEventListener("keydown", async (event) => {
    const before = document.querySelector(".review:not([hidden])");
    for (;;) {
      await frame();
      const now = document.querySelector(".review:not([hidden])");
      if (!now || (now === before && event.key === "Enter")) continue;
      const picture = new Image();
      picture.src = now.dataset.crop;
      await picture.decode();
      await frame();
      window.times.push(performance.now() - event.timeStamp);
      return;
    }
  }, { capture: true });
}"""


def fill(path: Path) -> None:
    """Keep more readings that are not sure than will be looked at."""
    recognizer, store = open_recognizer(""), SqliteStore(path)
    for picture in pictures(2 * KEYS):
        reading = recognizer.read(picture)
        doubtful = tuple(replace(number, confidence=0.5) for number in reading.numbers)
        digest = sha256(picture).hexdigest()
        record = Record(new_id(), "a.png", reading.written, "upload", digest, replace(reading, numbers=doubtful))
        store.add(record, picture)
    store.close()


def from_key_to_picture() -> tuple[list[float], list[float]]:
    """Milliseconds of each of `KEYS` answers, and of as many keys that do nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "review.sqlite"
        fill(path)
        with server(f"sqlite:///{path}") as (port, _), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(f"http://localhost:{port}/review")
            page.locator(".review:visible").wait_for()
            page.evaluate(WATCH)
            for done in range(2 * KEYS):
                page.wait_for_load_state("networkidle")
                page.keyboard.press("Shift" if done % 2 else "Enter")
                page.wait_for_function("done => window.times.length > done", arg=done)
            times: list[float] = page.evaluate("window.times")
            browser.close()
    return times[::2], times[1::2]


if __name__ == "__main__":
    answers, limit = from_key_to_picture()
    for name, times in (("a key that answers", answers), ("one that does nothing", limit)):
        print(f"{name}: median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms of {KEYS}")
