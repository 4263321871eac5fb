"""The service as a process: what it says, how it answers, how it stops."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from web_examples import JSON, Running, command, picture_of, serving

from mnist_predict.store.opening import data_place, open_store
from mnist_predict.vision.load.picture import MAX_BYTES
from mnist_predict.web.server import counts_folder

BOUNDARY = "b0undary"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("served"), workers=2) as it:
        yield it


@pytest.fixture
def started() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def send(url: str, data: bytes, name: str = "7.png") -> requests.Response:
    return requests.post(f"{url}/uploads", files={"file": (name, data)}, headers={"Accept": JSON}, timeout=20)


def upload_request(data: bytes, host: str) -> tuple[bytes, bytes]:
    """Head and body of an upload as they go over the wire."""
    body = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="7.png"\r\n\r\n'.encode()
        + data
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )
    head = (
        f"POST /uploads HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    return head.encode(), body


def answer_of(connection: socket.socket) -> str:
    """One answer, head and body."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = connection.recv(65536)
        assert more, got
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-length"))
    while len(body) < length:
        body += connection.recv(65536)
    return (head + b"\r\n\r\n" + body).decode()


def test_the_first_lines_say_where_the_data_is_and_what_to_open(running: Running) -> None:
    where = running.log.parent / "instance" / "mnist_predict.sqlite"
    assert running.first_lines == [f"Data is kept in {where}", f"Open {running.url}/uploads"]
    assert where.exists()


def test_uploads_at_once_are_all_kept_and_counted_over_all_workers(running: Running) -> None:
    def figure() -> float:
        text = requests.get(f"{running.url}/metrics", timeout=10).text
        name = 'mnist_predict_records_total{source="upload"} '
        return sum(float(line.removeprefix(name)) for line in text.splitlines() if line.startswith(name))

    before = figure()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: send(running.url, picture_of("7"), f"{n}.png"), range(64)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["number"] for answer in answers} == {"7"}
    ids = {answer.json()["id"] for answer in answers}
    assert len(ids) == 64
    assert figure() - before == 64
    logged = [json.loads(line) for line in running.log.read_text().splitlines()]
    assert ids <= {line.get("record") for line in logged}


def test_a_body_in_chunks_is_an_upload_too_and_is_limited(running: Running) -> None:
    def chunks(data: bytes) -> Iterator[bytes]:
        _, body = upload_request(data, "localhost")
        for at in range(0, len(body), 500_000):
            yield body[at : at + 500_000]

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    address = f"{running.url}/uploads"
    answer = requests.post(address, data=chunks(picture_of("7")), headers=headers, timeout=20)
    assert answer.text.startswith("recognised result: 7\n")
    too_much = chunks(picture_of("7").ljust(MAX_BYTES + 5_000_000, b"\0"))
    assert requests.post(address, data=too_much, headers=headers, timeout=20).status_code == 413


@pytest.mark.parametrize("sent", [0.5, 0.99])
def test_an_upload_that_breaks_off_is_not_kept(running: Running, sent: float) -> None:
    name = f"broken off at {sent}"
    head, body = upload_request(picture_of("7"), "localhost")
    body = body.replace(b"7.png", name.encode()[:5])
    with socket.create_connection(running.place, timeout=10) as connection:
        connection.sendall(head + body[: int(len(body) * sent)])
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1000)
    assert requests.get(f"{running.url}/uploads/{name[:5]}", timeout=10).status_code == 404


def test_head_and_body_apart_meet_no_delayed_acknowledgement(running: Running) -> None:
    """A client that sends them apart waits 40 ms where Nagle's algorithm meets a delayed ACK (RFC 896, RFC 1122)."""
    head, body = upload_request(picture_of("7"), "localhost")
    together, apart = [], []
    with socket.create_connection(running.place, timeout=10) as connection:
        for _ in range(40):  # the first ones are always acknowledged at once
            for parts, seconds in (([head + body], together), ([head, body], apart)):
                start = time.perf_counter()
                for part in parts:
                    connection.sendall(part)
                assert "recognised result: 7" in answer_of(connection)
                seconds.append(time.perf_counter() - start)
    assert sorted(apart)[20] < sorted(together)[20] + 0.025


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_an_upload_in_flight_is_finished_before_stopping(
    tmp_path: Path, started: ExitStack, by: signal.Signals
) -> None:
    it = started.enter_context(serving(tmp_path))
    idle = started.enter_context(socket.create_connection(it.place, timeout=10))
    idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert "alive" in answer_of(idle)  # and kept open
    head, body = upload_request(picture_of("7"), "localhost")
    slow = started.enter_context(socket.create_connection(it.place, timeout=20))
    slow.sendall(head + body[:100])
    time.sleep(0.5)
    it.ask_to_stop(by)
    time.sleep(0.5)
    assert it.process.poll() is None
    slow.sendall(body[100:])
    answer = answer_of(slow)
    assert "recognised result: 7" in answer
    assert it.process.wait(20) == 0
    store = open_store(f"sqlite:///{tmp_path}/instance/mnist_predict.sqlite")
    assert [str(record.id) in answer for record in store.page()] == [True]
    store.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(it.url, timeout=5)


def test_ctrl_c_while_it_starts_stops_it(tmp_path: Path) -> None:
    starting = subprocess.Popen(
        command("serve", "--port", "0"), cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert starting.stdout is not None
    starting.stdout.readline()
    time.sleep(0.3)  # the workers are loading
    os.killpg(starting.pid, signal.SIGINT)
    assert starting.wait(15) == 0
    starting.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker in /proc")
def test_a_worker_that_dies_is_replaced_though_its_counts_were_swept_away(tmp_path: Path, started: ExitStack) -> None:
    it = started.enter_context(serving(tmp_path))
    children = Path(f"/proc/{it.process.pid}/task/{it.process.pid}/children")
    worker = int(children.read_text().split()[0])
    first = send(it.url, picture_of("7")).json()["id"]
    [counts] = (each for each in (tmp_path / "instance").glob("*counts-*") if each.is_dir())
    shutil.rmtree(counts)
    os.kill(worker, signal.SIGKILL)
    deadline = time.monotonic() + 90
    while True:
        try:
            assert send(it.url, picture_of("1")).json()["number"] == "1"
            break
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert requests.get(f"{it.url}/records/{first}", timeout=10).status_code == 200
    assert "mnist_predict_records_total" in requests.get(f"{it.url}/metrics", timeout=10).text


def test_counts_of_a_service_that_was_killed_are_removed_and_those_of_a_living_one_stay(tmp_path: Path) -> None:
    (tmp_path / "mnist-predict-counts-killed").mkdir()
    (tmp_path / "mnist-predict-counts-killed.lock").touch()
    with counts_folder(tmp_path) as first:
        with counts_folder(tmp_path):
            assert Path(first).is_dir()
        assert {each.name for each in tmp_path.iterdir()} == {Path(first).name, f"{Path(first).name}.lock"}
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
def test_workers_end_when_their_parent_is_killed(tmp_path: Path, started: ExitStack) -> None:
    it = started.enter_context(serving(tmp_path, workers=2))
    workers = Path(f"/proc/{it.process.pid}/task/{it.process.pid}/children").read_text().split()
    assert len(workers) >= 2
    it.process.kill()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="the option is set on Linux alone; looks for its timer in /proc")
def test_who_left_in_the_middle_of_a_picture_is_noticed(running: Running) -> None:
    head, body = upload_request(picture_of("7"), "localhost")
    with socket.create_connection(running.place, timeout=10) as connection:
        connection.sendall(head + body[:100])
        here = f"0100007F:{connection.getsockname()[1]:04X}"

        def its_timer() -> str:
            rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
            return next(row[5] for row in rows if row[2] == here)

        deadline = time.monotonic() + 20
        while not its_timer().startswith("02:"):  # a keepalive
            assert time.monotonic() < deadline
            for _ in range(4):  # to each of the workers
                send(running.url, picture_of("7"))
            time.sleep(0.1)


def test_workers_count_together_what_a_client_sends(tmp_path: Path, started: ExitStack) -> None:
    it = started.enter_context(serving(tmp_path, workers=2, rate="6"))
    statuses = [send(it.url, picture_of("7")).status_code for _ in range(20)]  # each by a connection of its own
    assert statuses[:6] == [200] * 6
    assert statuses[7:].count(429) > 10  # one more may have been earned meanwhile


def test_a_port_in_use_is_said_at_once(running: Running, tmp_path: Path) -> None:
    port = str(running.place[1])
    ran = subprocess.run(command("serve", "--port", port), cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert ran.returncode == 2
    assert f"port {port}" in ran.stderr
    assert "already" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "instance").exists()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--host", "no such host.invalid"], "Cannot listen"),
        (["--model", "nowhere"], "no model version"),
        (["--store", "mysql://localhost/x"], "store"),
    ],
)
def test_what_cannot_be_served_is_said_at_once(tmp_path: Path, flags: list[str], words: str) -> None:
    ran = subprocess.run(
        command("serve", "--port", "0", *flags), cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    assert ran.returncode == 2
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_place_of_the_data_never_shows_a_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert data_place("sqlite:///instance/a.sqlite") == f"{tmp_path}/instance/a.sqlite"
    assert data_place("sqlite:////var/a.sqlite") == "/var/a.sqlite"
    assert data_place("cassandra://me:secret@one,two:9042/mnistpredict") == "cassandra://one,two:9042/mnistpredict"


@pytest.mark.parametrize("token", ["", "ann=open-sesame"])
def test_serving_beyond_this_computer_without_a_token_is_warned_of(tmp_path: Path, token: str) -> None:
    process = subprocess.Popen(
        command("serve", "--host", "0.0.0.0", "--port", "0", "--workers", "1"),
        cwd=tmp_path,
        env=os.environ | {"MNIST_PREDICT_TOKEN": token},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline().startswith("Data is kept in")
    process.terminate()
    _, errors = process.communicate(timeout=60)
    assert ("Set MNIST_PREDICT_TOKEN" in errors) == (not token)
    assert "open-sesame" not in errors
