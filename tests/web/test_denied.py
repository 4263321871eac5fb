"""The data folder is denied to the service while it runs: it goes on with what needs no folder, and takes it back."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import requests
from store_examples import until
from web_examples import JSON, Running, picture_of, serving

USER = 10001
# A user without rights, but for reading: this Python may be root's.
AS_USER = (
    *("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--"),
)


@pytest.fixture
def running() -> Iterator[Running]:
    """A service with a token and a rate limit, of a user who is not root."""
    is_root = os.geteuid() == 0
    with TemporaryDirectory() as name:  # pytest's folders are closed to other users
        if is_root:
            os.chown(name, USER, USER)
        with serving(Path(name), 1, "1000", "--token", "friend", under=AS_USER if is_root else ()) as it:
            yield it
            change(Path(name) / "instance", denied=False)


def change(folder: Path, denied: bool) -> None:
    """Take a folder and its files from the service, or give them back."""
    for path in [folder, *folder.rglob("*")]:
        if os.geteuid() == 0:
            os.chown(path, *((0, 0) if denied else (USER, USER)))
        path.chmod((0o555 if denied else 0o700) if path.is_dir() else (0o444 if denied else 0o600))


def send(site: Running, path: str, token: str = "friend") -> requests.Response:
    headers = {"Authorization": f"Bearer {token}", "Accept": JSON}
    return requests.post(f"{site.url}{path}", files={"file": ("7.png", picture_of("7"))}, headers=headers, timeout=60)


def worker_of(site: Running) -> int:
    return int(Path(f"/proc/{site.process.pid}/task/{site.process.pid}/children").read_text().split()[-1])


def is_alive(site: Running) -> bool:
    try:
        return requests.get(f"{site.url}/healthz", timeout=10).ok
    except requests.ConnectionError:
        assert site.process.poll() is None, site.log.read_text()
        return False


@pytest.mark.skipif(not Path("/proc").exists(), reason="finds the worker as Linux lists it")
def test_a_folder_that_is_denied_stops_only_what_needs_it_until_it_is_given_back(running: Running) -> None:
    assert send(running, "/uploads").status_code == 200
    folder = running.log.parent / "instance"
    change(folder, denied=True)
    assert send(running, "/read", token="wrong").status_code == 401
    assert send(running, "/read").json()["number"] == "7"
    os.kill(worker_of(running), signal.SIGKILL)
    until(lambda: is_alive(running))
    assert send(running, "/read", token="wrong").status_code == 401
    assert send(running, "/read").json()["number"] == "7"
    refused = send(running, "/uploads")
    assert refused.status_code == 503
    assert "writable" in refused.json()["error"]
    change(folder, denied=False)
    assert send(running, "/uploads").status_code == 200
    assert '"status": 500' not in running.log.read_text()
