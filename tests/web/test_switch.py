"""A running service takes a new champion, and goes back, while uploads come in."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import requests
from version_examples import another_version, passed
from web_examples import JSON, picture_of, serving

from mnist_predict.champion import promote, propose, roll_back
from mnist_predict.models.registry import open_version
from mnist_predict.store.opening import open_store

PATIENCE = 120.0  # seconds: on a quiet machine it takes two or three


def test_no_upload_is_lost_while_the_champion_changes(tmp_path: Path) -> None:
    shipped = open_version().name
    version = another_version(tmp_path, b"1", passed())
    with (
        serving(tmp_path, 2) as site,
        closing(open_store(f"sqlite:///{tmp_path}/instance/mnist_predict.sqlite")) as store,
        ThreadPoolExecutor(4) as threads,
    ):
        stop = Event()
        seen: Counter[str] = Counter()

        def upload(number: int) -> list[tuple[int, str]]:
            answers = []
            while not stop.is_set():
                files = {"file": (f"{number}.png", picture_of("4072"))}
                answer = requests.post(f"{site.url}/uploads", files=files, headers={"Accept": JSON}, timeout=60)
                told = answer.json()
                answers.append((answer.status_code, told.get("number", "")))
                seen[told.get("model_version", "none")] += 1
            return answers

        def until_read_by(name: str) -> None:
            deadline = time.monotonic() + PATIENCE
            before = seen[name]
            while seen[name] < before + 8:
                assert time.monotonic() < deadline, f"{name} does not read: {seen} {site.log.read_text()}"
                time.sleep(0.02)

        under_way = [threads.submit(upload, number) for number in range(4)]
        try:
            until_read_by(shipped)
            propose(store, version, "learned")
            promote(store, version.name, "better")
            until_read_by(version.name)
            roll_back(store, "worse")
            until_read_by(shipped)
        finally:
            stop.set()
        answers = [answer for each in under_way for answer in each.result()]
        kept = [record for record in store.page(limit=100_000) if record.source == "upload"]
    assert set(answers) == {(200, "4072")}
    assert len(kept) == len(answers)
    assert {record.reading.model_version for record in kept if record.reading} == {shipped, version.name}
