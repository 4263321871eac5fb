"""Real services under load, and the books that are kept of what they acknowledged."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import cv2
import numpy as np
import requests
from store_examples import until

CLIENTS = 8
NOBODY = "cassandra://127.66.6.6/nobody_there"
SERVE = "from mnist_predict.cli.main import main; main()"

# Loaded by Python itself before anything else: the clock of this process, and of all that it starts, goes wrong.
SKEWED = """import time, uuid_utils.compat
skew, now, make = {seconds}, time.time, uuid_utils.compat.uuid7
time.time = lambda: now() + skew
uuid_utils.compat.uuid7 = lambda nanoseconds=None: make(nanoseconds=nanoseconds or int((now() + skew) * 1e9))
"""


class Serving:
    """`mnist-predict serve` with its data in a folder, on one port however often it is started."""

    def __init__(self, folder: Path, store: str, skew: int = 0, **settings: str) -> None:
        self.folder = folder
        self.store = store
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        variables = {"store": store, "port": self.url.rpartition(":")[2], "workers": "2", **settings}
        self.environment = os.environ | {f"MNIST_PREDICT_{name.upper()}": value for name, value in variables.items()}
        if skew:
            (folder / "sitecustomize.py").write_text(SKEWED.format(seconds=skew))
            self.environment["PYTHONPATH"] = f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        self.log = folder.with_name(f"{folder.name}.log")

    def start(self) -> None:
        """Start it; wait until it answers."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVE, "serve"],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        until(lambda: self.says("/healthz").startswith("alive") or self.process.poll() is not None, 120)
        assert self.process.poll() is None, self.log.read_text()[-3000:]

    def says(self, path: str) -> str:
        """What it answers, whatever that is; nothing where it does not."""
        try:
            return requests.get(self.url + path, timeout=60).text
        except requests.RequestException:
            return ""

    def kill(self) -> None:
        """kill -9, all of its processes."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM"""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(90)
            except subprocess.TimeoutExpired:
                self.kill()

    @property
    def has_no_store(self) -> bool:
        """Whether there is nobody where its store should be, ever."""
        return self.store == NOBODY

    def be_well(self, seconds: float) -> None:
        """Wait until every worker has found its store, and nothing waits any more; fails when that takes longer."""
        give_up = time.monotonic() + seconds
        while ill := [text for text in (self.says("/readyz") for _ in range(8)) if not self._tells_of_health(text)]:
            said = f"It is not well after {seconds} s: {ill}\n{self.log.read_text()[-5000:]}"
            assert time.monotonic() < give_up, said
            time.sleep(0.05)

    def _tells_of_health(self, text: str) -> bool:
        if self.has_no_store:
            return text.startswith("ready")
        return "store writable" in text and "waiting" not in text


@contextmanager
def serving(*services: Serving) -> Iterator[None]:
    """Start them; stop them."""
    started: list[Serving] = []
    try:
        for service in services:
            service.start()
            started.append(service)
        yield
    finally:
        for service in started:
            service.stop()


def picture(number: int) -> bytes:
    """A picture like no other: the same dot, and what readers of PNG do not read."""
    dot = cv2.circle(np.full((28, 28), 255, np.uint8), (14, 14), 7, 0, 2)
    return bytes(cv2.imencode(".png", dot)[1].tobytes()) + b"%d" % number


class Acknowledged(NamedTuple):
    """An upload that was answered for."""

    id: UUID
    sha256: str
    url: str  # of the service that answered


@dataclass
class Books:
    """What was acknowledged, and what went otherwise."""

    answers: list[Acknowledged] = field(default_factory=list)
    labels: list[tuple[UUID, UUID]] = field(default_factory=list)  # of a record: its id, the record's
    by_hand: list[UUID] = field(default_factory=list)
    erased: list[Acknowledged] = field(default_factory=list)
    spooled: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # by status, or `no answer`
    again: int = 0  # uploads that were sent once more under their key, with or without an answer to the first
    slowest: float = 0.0

    def __len__(self) -> int:
        return len(self.answers) + len(self.erased)


class Load:
    """Eight clients that upload without a pause, most under an Idempotency-Key, and again until they have an answer.

    Every fourth key is used once more after its answer. Uploads without a key are not repeated. Every fifth upload is
    labelled. Where there is a store, every seventh is followed by a number by hand, and every eleventh erased.
    """

    def __init__(self, *services: Serving) -> None:
        self.urls = [service.url for service in services]
        self._has_store = not any(service.has_no_store for service in services)
        self.books = Books()
        self._numbers = count(random.getrandbits(40) << 20)
        self._stopping = threading.Event()
        self._going = threading.Event()
        self._going.set()
        self._lock = threading.Lock()
        self._clients = ThreadPoolExecutor(CLIENTS)
        self._running = [self._clients.submit(self._client) for _ in range(CLIENTS)]

    def reach(self, more: int, seconds: float = 240) -> None:
        """Wait until so many more uploads are acknowledged."""
        goal = len(self.books) + more
        until(lambda: len(self.books) >= goal or any(one.done() for one in self._running), seconds)
        assert len(self.books) >= goal

    @contextmanager
    def resting(self) -> Iterator[None]:
        """No new uploads meanwhile: nodes that start under full load need minutes of two cores."""
        self._going.clear()
        try:
            yield
        finally:
            self._going.set()

    def stop(self) -> Books:
        """Let the uploads that are under way end."""
        self._stopping.set()
        self._going.set()
        for one in self._running:
            one.result()
        self._clients.shutdown()
        return self.books

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._going.set()
        self._clients.shutdown()

    def _client(self) -> None:
        with requests.Session() as session:
            while not self._stopping.is_set():
                self._going.wait()
                with self._lock:
                    number = next(self._numbers)
                key = f"key of {number}" if number % 3 else ""
                done = self._upload(session, number, key)
                while not done and not self._stopping.wait(0.05) and key:
                    done = self._upload(session, number, key, again=True)
                if done and key and number % 4 == 0:
                    self._upload(session, number, key, again=True)
                elif done and number % 11 == 0 and self._has_store:
                    self._erase(session, done)
                elif done and number % 5 == 0:
                    self._label(session, done, number)
                elif done and number % 7 == 0 and self._has_store:
                    self._record_by_hand(session, number)

    def _upload(self, session: requests.Session, number: int, key: str, again: bool = False) -> Acknowledged | None:
        data, url = picture(number), random.choice(self.urls)
        headers = {"Idempotency-Key": key} if key else {}
        start = time.monotonic()
        file = {"file": (f"{number % 100}.png", data)}
        told = self._send(session, "POST", f"{url}/uploads", files=file, headers=headers)
        with self._lock:
            self.books.again += again
            if told is None:
                return None
            self.books.slowest = max(self.books.slowest, time.monotonic() - start)
            self.books.spooled += told["stored"] == "spool"
            self.books.answers.append(Acknowledged(UUID(told["id"]), sha256(data).hexdigest(), url))
            return self.books.answers[-1]

    def _label(self, session: requests.Session, upload: Acknowledged, number: int) -> None:
        form = {"record": str(upload.id), "number": str(number)}
        told = self._send(session, "POST", f"{upload.url}/uploads/record", data=form)
        if told is not None:
            self.books.labels.append((UUID(told["id"]), upload.id))

    def _record_by_hand(self, session: requests.Session, number: int) -> None:
        form = {"image_name": f"{number} by hand", "number": "1"}
        told = self._send(session, "POST", f"{random.choice(self.urls)}/uploads/record", data=form)
        if told is not None:
            self.books.by_hand.append(UUID(told["id"]))

    def _erase(self, session: requests.Session, upload: Acknowledged) -> None:
        """Of an erasing without an answer nothing is known, so the upload leaves the books."""
        with self._lock:
            self.books.answers.remove(upload)
        if self._send(session, "DELETE", f"{upload.url}/records/{upload.id}") is not None:
            self.books.erased.append(upload)

    def _send(self, session: requests.Session, method: str, url: str, **request: Any) -> dict[str, Any] | None:
        """What is answered with 200."""
        headers = {"Accept": "application/json", **request.pop("headers", {})}
        try:
            answer = session.request(method, url, headers=headers, timeout=120, **request)
            status, told = answer.status_code, answer.json()
        except (requests.RequestException, ValueError):
            status, told = 0, {}
        if status == 200:
            return dict(told)
        with self._lock:
            self.books.refused[str(status or "no answer")] += 1
        return None
