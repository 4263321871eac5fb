"""What one client may ask for, counted over all workers."""

import io
import threading
from pathlib import Path

from flask import Flask
from web_examples import picture_of

from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.web.app import create_app


def send_at_once(workers: list[Flask], client: str, senders: int) -> list[int]:
    """The statuses of as many pictures from one client at the same moment, shared out to the workers."""
    start = threading.Barrier(senders)
    statuses: list[int] = []

    def send(worker: Flask) -> None:
        form = {"file": (io.BytesIO(picture_of("7")), "7.png")}
        start.wait()
        answer = worker.test_client().post("/read", data=form, environ_base={"REMOTE_ADDR": client})
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=send, args=(workers[at % len(workers)],)) for at in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


def test_requests_at_the_same_moment_do_not_overspend(service: Service, tmp_path: Path) -> None:
    settings = Settings.from_environment({}).but(rate=3, data=str(tmp_path))
    workers = [create_app(settings, service, str(tmp_path / "counts.sqlite")) for _ in range(2)]
    for last in range(3):
        assert send_at_once(workers, f"192.0.2.{last}", 16) == [200] * 3 + [429] * 13
