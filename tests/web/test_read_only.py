"""The disk of the data folder turns read-only while the service runs, as it does after an error, and is mended."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from disks import FailingDisk
from web_examples import BROWSER, JSON, Running, picture_of, serving

LISTS = ("/uploads", "/records", "/records?name=kept.png", "/records.csv", "/review", "/models", "/healthz")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[FailingDisk]:
    made = FailingDisk(tmp_path / "disk", 64)
    yield made
    made.unmount()


def send(site: Running, name: str) -> requests.Response:
    sent = {"file": (name, picture_of("7"))}
    return requests.post(f"{site.url}/uploads", files=sent, headers={"Accept": JSON}, timeout=60)


def look(site: Running, path: str, accept: str = BROWSER) -> requests.Response:
    return requests.get(f"{site.url}{path}", headers={"Accept": accept}, timeout=60)


def pages_of(record: str) -> list[str]:
    return [*LISTS, "/uploads/kept.png", *(f"/records/{record}{each}" for each in ("", "/picture", "/erase"))]


def test_a_disk_that_turns_read_only_stops_only_what_must_be_kept(disk: FailingDisk, tmp_path: Path) -> None:
    flags = "--data", str(disk.folder / "instance")
    with serving(tmp_path, 1, "0", *flags) as site:
        record = send(site, "kept.png").json()["id"]
        disk.turn_read_only()
        label = {"record": record, "number": "1"}
        for refused in (
            send(site, "refused.png"),
            requests.post(f"{site.url}/uploads/record", data=label, headers={"Accept": JSON}, timeout=60),
            requests.delete(f"{site.url}/records/{record}", headers={"Accept": JSON}, timeout=60),
        ):
            assert (refused.status_code, "disk" in refused.json()["error"]) == (503, True), refused.text
        for path in (*pages_of(record), f"/records/{record}/preview/small"):
            assert (path, look(site, path).status_code) == (path, 200)
        for path, words in (("/stats", "Make its folder writable"), ("/readyz", "disk")):
            answer = look(site, path, JSON)
            assert (path, answer.status_code, words in answer.text) == (path, 503, True), answer.text
        assert '"status": 500' not in site.log.read_text()
    disk.mend()
    with serving(tmp_path, 1, "0", *flags) as site:
        assert [each["id"] for each in look(site, "/records", JSON).json()["records"]] == [record]
        after = send(site, "after.png").json()["id"]
        assert [each["id"] for each in look(site, "/records", JSON).json()["records"]] == [after, record]
        for path in (*pages_of(record), "/stats", "/readyz"):
            assert (path, look(site, path).status_code) == (path, 200)
