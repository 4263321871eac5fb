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
from uuid import UUID

import cv2
import numpy as np
import requests
from store_examples import until

from mnist_predict.store.opening import open_store
from mnist_predict.store.protocol import Store
from mnist_predict.store.tools.copy import everything

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

    def is_well(self) -> bool:
        """Whether every worker has found its store, and nothing waits any more."""
        answers = [self.says("/readyz") for _ in range(8)]  # whoever of the workers takes it
        if self.has_no_store:
            return all(text.startswith("ready") for text in answers)
        return all("store writable" in text and "waiting" not in text for text in answers)


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


@dataclass
class Books:
    """What was acknowledged, and what went otherwise."""

    answers: list[tuple[UUID, str]] = field(default_factory=list)  # id, SHA-256
    spooled: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # by status, or `no answer`
    again: int = 0  # uploads that were sent once more under their key, with or without an answer to the first
    slowest: float = 0.0


class Load:
    """Eight clients that upload without a pause, most under an Idempotency-Key, and again until they have an answer.

    Every fourth key is used once more after its answer. Uploads without a key are not repeated.
    """

    def __init__(self, *services: Serving) -> None:
        self.urls = [service.url for service in services]
        self.books = Books()
        self._numbers = count(random.getrandbits(40) << 20)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._clients = ThreadPoolExecutor(CLIENTS)
        self._running = [self._clients.submit(self._client) for _ in range(CLIENTS)]

    def reach(self, more: int, seconds: float = 240) -> None:
        """Wait until so many more uploads are acknowledged."""
        goal = len(self.books.answers) + more
        until(lambda: len(self.books.answers) >= goal or any(one.done() for one in self._running), seconds)
        assert len(self.books.answers) >= goal

    def stop(self) -> Books:
        """Let the uploads that are under way end."""
        self._stopping.set()
        for one in self._running:
            one.result()
        self._clients.shutdown()
        return self.books

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._clients.shutdown()

    def _client(self) -> None:
        with requests.Session() as session:
            while not self._stopping.is_set():
                with self._lock:
                    number = next(self._numbers)
                key = f"key of {number}" if number % 3 else ""
                done = self._upload(session, number, key)
                while not done and not self._stopping.wait(0.05) and key:
                    done = self._upload(session, number, key, again=True)
                if key and done and number % 4 == 0:
                    self._upload(session, number, key, again=True)

    def _upload(self, session: requests.Session, number: int, key: str, again: bool = False) -> bool:
        data = picture(number)
        headers = {"Accept": "application/json"} | ({"Idempotency-Key": key} if key else {})
        start = time.monotonic()
        try:
            url = f"{random.choice(self.urls)}/uploads"
            answer = session.post(url, files={"file": (f"{number % 100}.png", data)}, headers=headers, timeout=120)
            status, told = answer.status_code, answer.json()
        except (requests.RequestException, ValueError):
            status, told = 0, {}
        with self._lock:
            self.books.again += again
            if status != 200:
                self.books.refused[str(status or "no answer")] += 1
                return False
            self.books.slowest = max(self.books.slowest, time.monotonic() - start)
            self.books.spooled += told["stored"] == "spool"
            self.books.answers.append((UUID(told["id"]), sha256(data).hexdigest()))
        return True


@dataclass
class Verdict:
    """What became of what was acknowledged."""

    books: Books
    lost: int  # ids under which nothing, or something else, is kept
    twice: int  # pictures of which there is more than one record
    altered: int  # pictures that are missing or differ
    failed_later: int  # requests that were not answered with 200 after all was well again
    seconds: float  # until all was well again

    @property
    def well(self) -> bool:
        """Whether nothing was lost, and nothing went wrong that had no reason."""
        wrong = set(self.books.refused) - {"503", "no answer"}
        return not (self.lost or self.twice or self.altered or self.failed_later or wrong)


def verdict(books: Books, store: str, *services: Serving) -> Verdict:
    """Wait until all is well again, use everything once more, then look for every record and every picture."""
    start = time.monotonic()
    until(lambda: all(service.is_well() for service in services), 900)  # thousands may wait in a spool
    seconds = time.monotonic() - start
    with Load(*services) as load:
        load.reach(40)
        after = load.stop()
    failed = sum(after.refused.values())
    if not any(service.has_no_store for service in services):
        failed += after.spooled
    books.answers += after.answers
    some = random.sample(books.answers, min(100, len(books.answers)))
    with ThreadPoolExecutor(CLIENTS) as clients:
        failed += sum(clients.map(lambda one: _is_not_shown(random.choice(services), *one), some))
    lost, twice, altered = _compare(books, open_store(store))
    return Verdict(books, lost, twice, altered, failed, seconds)


def _is_not_shown(service: Serving, record_id: UUID, digest: str) -> bool:
    record = requests.get(f"{service.url}/records/{record_id}", headers={"Accept": "application/json"}, timeout=60)
    shown = requests.get(f"{service.url}/records/{record_id}/picture", timeout=60)
    right = record.ok and shown.ok and record.json()["sha256"] == sha256(shown.content).hexdigest() == digest
    return not right


def _compare(books: Books, store: Store) -> tuple[int, int, int]:
    """Lost, twice, altered."""
    listed = Counter(record.sha256 for record in everything(store) if record.label_of is None)

    def is_lost(answer: tuple[UUID, str]) -> bool:
        record = store.get(answer[0])
        return record is None or record.sha256 != answer[1] or answer[1] not in listed

    def is_altered(digest: str) -> bool:
        kept = store.picture(digest)
        return kept is None or sha256(kept).hexdigest() != digest

    with ThreadPoolExecutor(16) as threads:
        lost = sum(threads.map(is_lost, books.answers))
        altered = sum(threads.map(is_altered, {digest for _, digest in books.answers}))
    store.close()
    return lost, sum(number > 1 for number in listed.values()), altered
