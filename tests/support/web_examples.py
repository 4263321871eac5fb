"""What the tests of the web faces share: pictures of handwritten numbers, and what browsers send."""

import gzip
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import requests
from PIL import Image
from playwright.sync_api import Page
from store_examples import plain_id
from urllib3 import encode_multipart_formdata
from werkzeug.test import TestResponse

from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record
from mnist_predict.vision.recognizer import Recognizer

MNIST = Path(__file__).parents[2] / "data" / "mnist"

CURL = "*/*"
JSON = "application/json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

# What axe-core is to look for.
AA = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # to describe what is well takes half of the time
}
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}

Upload = Callable[..., TestResponse]


def form_with(*pictures: tuple[bytes, str]) -> dict[str, bytes | str]:
    """A form as clients send it; Flask's test client leaves out the line break after an empty file."""
    body, content_type = encode_multipart_formdata([("file", (name, data)) for data, name in pictures])
    return {"data": body, "content_type": content_type}


@cache
def mnist_digits() -> dict[int, np.ndarray]:
    """One plain example of each digit from the MNIST test set, (28, 28) uint8, light on dark."""
    with gzip.open(MNIST / "t10k-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    with gzip.open(MNIST / "t10k-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(16 + 784 * 200), np.uint8, offset=16).reshape(-1, 28, 28)
    return {digit: images[np.flatnonzero(labels[:200] == digit)[0]] for digit in range(10)}


def page_of(*numbers: str) -> bytes:
    """Numbers below each other, far apart, dark on light."""
    page = np.zeros((90 * len(numbers) + 40, 400), np.uint8)
    for row, number in enumerate(numbers):
        for at, digit in enumerate(number):
            page[30 + 90 * row : 58 + 90 * row, 30 + 24 * at : 58 + 24 * at] = mnist_digits()[int(digit)]
    return cv2.imencode(".png", 255 - cv2.resize(page, None, fx=2, fy=2))[1].tobytes()


@cache
def picture_of(number: str, kind: str = "PNG", scale: int = 3) -> bytes:
    """A picture of a handwritten number, dark on light; the empty number is a blank page."""
    page = np.zeros((48, 20 + 30 * max(1, len(number))), np.uint8)
    for at, digit in enumerate(number):
        page[10:38, 10 + 30 * at : 38 + 30 * at] = mnist_digits()[int(digit)]
    image = Image.fromarray(255 - page).resize((page.shape[1] * scale, page.shape[0] * scale))
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


@dataclass
class Running:
    """A service of its own process group on a free port: the process, its address, its first lines."""

    process: subprocess.Popen[str]
    url: str
    first_lines: list[str]
    log: Path

    @property
    def place(self) -> tuple[str, int]:
        """Host and port, to connect to."""
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 80)

    def ask_to_stop(self, by: signal.Signals) -> None:
        """As a service manager does (SIGTERM to the process) or a terminal (SIGINT to its whole group)."""
        if by == signal.SIGINT:
            os.killpg(self.process.pid, by)
        else:
            self.process.send_signal(by)


def command(*arguments: str) -> list[str]:
    """How to run `mnist-predict` with these arguments here."""
    return [sys.executable, "-c", "from mnist_predict.cli.main import main; main()", *arguments]


@contextmanager
def serving(
    folder: Path, workers: int = 1, rate: str = "0", *flags: str, under: Sequence[str] = ()
) -> Iterator[Running]:
    """The service as people start it, with its data in that folder. `under`: a command that runs it."""
    log = folder / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*under, *command("serve", "--port", "0", "--workers", str(workers), "--rate", rate, *flags)],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip("\n") for _ in range(2)]
        url = lines[1].removeprefix("Open ").removesuffix("/uploads")
        deadline = time.monotonic() + 120
        while True:  # until each worker listens: a worker that is not there yet refuses
            try:
                requests.get(f"{url}/readyz", timeout=5).raise_for_status()
                break
            except requests.RequestException:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, "the service did not become ready"
                time.sleep(0.05)
        yield Running(process, url, lines, log)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(40)
        assert process.stdout is not None
        process.stdout.close()


def keep_unsure(store: Store, recognizer: Recognizer, *numbers: str) -> list[str]:
    """Keep readings of such numbers that wait for a person, as if the model had not been sure; their ids."""
    ids = []
    readings = {number: recognizer.read(picture_of(number)) for number in set(numbers)}
    for at, number in enumerate(numbers):
        picture, reading = picture_of(number), readings[number]
        doubtful = tuple(replace(each, confidence=0.6) for each in reading.numbers)
        digest = sha256(picture).hexdigest()
        record = Record(plain_id(), f"{number or 'blank'}-{at}.png", reading.written, "upload", digest)
        store.add(replace(record, reading=replace(reading, numbers=doubtful)), picture)
        ids.append(str(record.id))
    return ids


def kept(site: Running, number: str, name: str = "") -> str:
    """The path of the page of a picture that was just uploaded."""
    sent = {"file": (name or f"{number or 'blank'}.png", picture_of(number))}
    answer = requests.post(f"{site.url}/uploads", files=sent, headers={"Accept": JSON}, timeout=30)
    return f"/records/{answer.json()['id']}"


def read_by(page: Page, version: str) -> None:
    """Fails unless the service soon reads with that version, as its pages say."""
    give_up = time.monotonic() + 120
    while version not in page.locator("footer").inner_text():
        assert time.monotonic() < give_up, page.locator("footer").inner_text()
        time.sleep(0.2)
        page.reload()
