"""One client attacks, another one uploads a picture: it is answered all the same. Over HTTP, on loopback."""

import threading
from collections.abc import Iterator
from io import BytesIO
from time import monotonic, sleep

import attacks
import pytest
import requests
from flask import Flask
from web_examples import JSON, Running, picture_of, serving

from mnist_predict import turns


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


def test_who_leaves_is_no_longer_worked_for(attacked: Running) -> None:
    with pytest.raises(requests.Timeout):
        requests.post(f"{attacked.url}/uploads", files={"file": ("fax.tif", attacks.blank_pages())}, timeout=1.5)
    until = monotonic() + 60
    while '"status": 499' not in attacked.log.read_text():
        assert monotonic() < until, attacked.log.read_text()
        sleep(0.1)
    assert requests.get(f"{attacked.url}/records.jsonl", timeout=30).text == ""
