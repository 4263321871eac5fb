"""All of learning once, as people do it in a browser: upload, review, learn, look at the report, promote, roll back.

Only learning itself is made small; the service and the command are the real ones.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import requests
from playwright.sync_api import Page, expect
from web_examples import JSON, Running, read_by, serving

from mnist_predict.models.registry import open_version
from mnist_predict.reading import UNSURE
from mnist_predict.training.mnist import Bytes
from mnist_predict.vision.recognizer import Recognizer

Open = Callable[..., Page]
COUNT = 30
LEARN = "from learning_examples import learn_quickly; learn_quickly()"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, small_mnist: Path) -> Iterator[Running]:
    """A service in a folder with MNIST, where the command that its page names works as it stands there."""
    folder = tmp_path_factory.mktemp("loop")
    (folder / "data").mkdir()
    (folder / "data" / "mnist").symlink_to(small_mnist)
    with serving(folder) as it:
        yield it


@pytest.fixture(scope="module")
def doubtful(recognizer: Recognizer, mnist_test: tuple[Bytes, Bytes]) -> dict[str, bytes]:
    """Pictures that the shipped version is not sure about, by names that begin with what they show."""
    rng = np.random.default_rng(1)
    digits, labels = mnist_test
    found: dict[str, bytes] = {}
    while len(found) < COUNT:
        chosen = rng.integers(0, len(digits), 3)
        paper = 255 - np.pad(np.hstack(digits[chosen]), 12).astype(np.float64)
        spoilt = cv2.GaussianBlur(paper, (0, 0), rng.uniform(1, 3)) + rng.normal(0, 30, paper.shape)
        png = cv2.imencode(".png", np.clip(spoilt, 0, 255).astype(np.uint8))[1].tobytes()
        reading = recognizer.read(png)
        if reading.number and reading.confidence < UNSURE:
            number = "".join(map(str, labels[chosen]))
            found[f"{number}-{len(found)}.png"] = png
    return found


def upload(site: Running, name: str, data: bytes) -> dict[str, Any]:
    """What the service answers, apart from what is of this upload alone."""
    answer = requests.post(f"{site.url}/uploads", files={"file": (name, data)}, headers={"Accept": JSON}, timeout=60)
    told: dict[str, Any] = answer.json()
    return {key: told[key] for key in ("number", "written", "confidence", "numbers", "model_version")}


def learn_as_told(page: Page, folder: Path) -> None:
    """Run the command that the page of models shows, where the service runs."""
    program, *words = shlex.split(page.locator("main .copy code").inner_text())
    assert program == "mnist-predict"
    run = subprocess.run(
        [sys.executable, "-c", LEARN, *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_whole_loop(open_page: Open, site: Running, doubtful: dict[str, bytes]) -> None:
    folder, shipped = site.log.parent, open_version().name
    page = open_page("/uploads")
    files = [{"name": name, "mimeType": "image/png", "buffer": data} for name, data in doubtful.items()]
    page.get_by_label("Choose pictures").set_input_files(files)  # type: ignore[arg-type]
    expect(page.get_by_role("status")).to_have_text(f"{COUNT} of {COUNT} read")
    example, data = next(iter(doubtful.items()))
    before = upload(site, example, data)
    assert before["model_version"] == shipped

    page.goto("/review")
    for done in range(COUNT + 1):  # the example was uploaded twice
        card = page.locator(".review:visible")
        said = card.locator(".name").inner_text().partition("-")[0]
        if card.get_by_role("textbox", name="Number").input_value() != said:
            page.keyboard.type(said)
        page.keyboard.press("Enter")
        expect(page.locator("#done")).to_have_text(f" · {done + 1} done")
    expect(page.get_by_text("Nothing to review.")).to_be_visible()
    page.goto("/review")
    page.locator("#learn").get_by_role("link").first.click()  # "learn from", or "candidate" for half a minute yet

    expect(page.get_by_text(f"{COUNT + 1} labels are new: no version has learned from them.")).to_be_visible()
    learn_as_told(page, folder)
    page.reload()
    expect(page.get_by_text("0 labels are new since a version last learned.")).to_be_visible()
    page.get_by_role("row").filter(has_text="candidate").get_by_role("link").click()
    candidate = page.get_by_role("heading", level=1).inner_text()
    expect(page.get_by_role("heading", name="The gate: passed")).to_be_visible()
    expect(page.get_by_text(f"from {shipped} on")).to_be_visible()
    report = open_page((folder / "runs" / f"{candidate}.html").as_uri())
    expect(report.get_by_role("heading", name=f"Candidate {candidate}")).to_be_visible()
    expect(report.get_by_text("It passed the gate.")).to_be_visible()

    page.get_by_text("Promote", exact=True).first.click()
    page.get_by_label("Why").fill("it learned our pictures")
    page.get_by_role("button", name="Promote").click()
    expect(page.get_by_role("cell", name="it learned our pictures")).to_be_visible()
    read_by(page, candidate)
    page.goto("/uploads")
    page.get_by_label("Choose pictures").set_input_files([{**files[0], "name": "again.png"}])  # type: ignore[list-item]
    expect(page.locator("dd code", has_text=candidate)).to_be_visible()
    assert upload(site, example, data) != before

    page.goto("/models")
    page.get_by_text(f"Roll back to {shipped}").click()
    page.get_by_label("Why").fill("just to see")
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("cell", name="just to see")).to_be_visible()
    read_by(page, shipped)
    assert upload(site, example, data) == before
