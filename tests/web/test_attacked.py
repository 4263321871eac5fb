"""One client attacks, another one uploads a picture: it is answered all the same. Over HTTP, on loopback."""

import socket
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from time import monotonic, sleep

import attacks
import pytest
import requests
from flask import Flask
from web_examples import JSON, Running, kept, picture_of, serving

from mnist_predict import turns

Unread = Callable[[str, int], list[socket.socket]]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service of one worker."""
    with serving(tmp_path_factory.mktemp("attacked")) as it:
        yield it


def test_a_request_ends_when_its_time_is_up(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MAX_SECONDS", 1.0)
    fax = attacks.blank_pages(12)
    data = attacks.zipped({"a.tif": fax, "7.png": picture_of("7"), "b.tif": fax})
    answer = app.test_client().post("/uploads", data={"file": (BytesIO(data), "all.zip")}, headers={"Accept": JSON})
    assert answer.status_code == 413
    assert "1 seconds" in answer.json["error"]


def test_pages_of_one_client_let_others_through(app: Flask) -> None:
    fax, order = attacks.blank_pages(3), []

    def send(client: str, data: bytes, name: str) -> None:
        with app.test_client() as one:
            files = {"file": (BytesIO(data), name)}
            answer = one.post("/uploads", data=files, environ_base={"REMOTE_ADDR": client})
        order.append((client, answer.status_code))

    attackers = [threading.Thread(target=send, args=("127.0.0.2", fax, "fax.tif")) for _ in range(2)]
    for thread in attackers:
        thread.start()
    sleep(0.3)
    send("127.0.0.3", picture_of("7"), "7.png")
    for thread in attackers:
        thread.join()
    assert order[0] == ("127.0.0.3", 200)


@pytest.fixture
def unread(attacked: Running) -> Iterator[Unread]:
    """Ask for a path so often, each time by a connection that reads nothing."""
    connections: list[socket.socket] = []

    def ask(path: str, times: int) -> list[socket.socket]:
        for _ in range(times):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(attacked.place)
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            connections.append(connection)
        return connections

    yield ask
    for connection in connections:
        connection.close()


def test_nobody_else_on_the_machine_can_read_what_is_kept(attacked: Running) -> None:
    kept(attacked, "7")
    data = attacked.log.parent / "instance"
    assert data.stat().st_mode & 0o777 == 0o700
    files = [file for file in data.rglob("*") if file.is_file()]
    assert files
    assert {file.stat().st_mode & 0o077 for file in files} == {0}


def worker(site: Running) -> dict[str, int]:
    """What the one worker of a service takes, of its own: bytes that it holds and held at most."""
    (child,) = Path(f"/proc/{site.process.pid}/task/{site.process.pid}/children").read_text().split()[-1:]
    status = Path(f"/proc/{child}/status").read_text()
    return {name: int(status.split(f"{name}:")[1].split()[0]) << 10 for name in ("VmRSS", "VmHWM")}


def test_who_does_not_read_holds_up_nobody_and_little_memory(attacked: Running, unread: Unread) -> None:
    large = attacks.blank_bmp(19_000_000)
    sent = requests.post(f"{attacked.url}/uploads", files={"file": ("large.bmp", large)}, timeout=60)
    assert sent.status_code == 200, sent.text
    before = worker(attacked)["VmRSS"]
    unread("/uploads/large.bmp", 40)
    unread("/records.jsonl", 40)
    sleep(0.5)
    with attacks.client("127.0.0.2") as other:
        for path in ("/healthz", "/readyz", "/uploads", "/records.jsonl"):
            assert other.get(f"{attacked.url}{path}", timeout=20).ok, path
        assert other.post(f"{attacked.url}/uploads", files={"file": ("7.png", picture_of("7"))}, timeout=20).ok
    assert '"status": 429' in attacked.log.read_text()
    assert worker(attacked)["VmRSS"] - before < 150_000_000


def test_an_answer_that_was_read_or_given_up_counts_no_longer(attacked: Running) -> None:
    def read(how_often: int) -> None:
        until = monotonic() + 60
        while how_often:
            answer = reader.get(f"{attacked.url}/uploads/large.bmp", timeout=30)
            how_often -= len(answer.content) > 18_000_000
            assert monotonic() < until
            sleep(0.05)

    with attacks.client("127.0.0.3") as reader:
        read(6)  # more than a client may have at a time
        for _ in range(6):
            reader.get(f"{attacked.url}/uploads/large.bmp", timeout=30, stream=True).close()
        read(6)


def test_who_leaves_is_no_longer_worked_for(attacked: Running) -> None:
    with pytest.raises(requests.Timeout):
        requests.post(f"{attacked.url}/uploads", files={"file": ("fax.tif", attacks.blank_pages())}, timeout=1.5)
    until = monotonic() + 150
    while '"status": 499' not in attacked.log.read_text():
        assert monotonic() < until, attacked.log.read_text()
        sleep(0.1)
    assert "fax.tif" not in requests.get(f"{attacked.url}/records.jsonl", timeout=30).text
