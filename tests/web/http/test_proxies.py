"""Behind a reverse proxy: each client is itself, and nobody can pretend to be another."""

import http.client
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from flask import Flask, request
from web_examples import BROWSER, Running, serving

from mnist_predict.errors import BadRequest
from mnist_predict.web.http.proxies import TrustedProxies, trusted_networks

NGINX = "/usr/sbin/nginx"
CONFIG = """
daemon off; error_log stderr; pid {folder}/nginx.pid;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port}; listen 127.0.0.1:{tls} ssl;
    ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;
    {documented}
  }}
}}
"""


@dataclass
class Front:
    """nginx in front of the service: its ports for HTTP and for TLS, and its certificate."""

    service: Running
    port: int
    tls: int
    certificate: Path

    def get(self, path: str, client: str = "127.0.0.2", port: int | None = None, **headers: str) -> int:
        """The status of a request that a client sends from such an address of the loopback network."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, source_address=(client, 0), timeout=30)
        connection.request("GET", path, headers={"Host": "localhost", **headers})
        return connection.getresponse().status


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@pytest.fixture(scope="module")
def front(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The service with a token, and nginx as docs/container.md configures it."""
    if not Path(NGINX).exists():
        words = "Proxies are tested with nginx: apt-get install nginx-light"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    folder = tmp_path_factory.mktemp("front")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder / "key.pem"]
    made = [
        "openssl",
        "req",
        "-x509",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        *key,
        "-out",
        folder / "certificate.pem",
    ]
    subprocess.run(made, check=True, capture_output=True)
    with serving(folder, 1, "0", "--token", "friend", "--proxies", "127.0.0.1") as service:
        port, tls = free_ports(2)
        [documented] = re.findall(r"(?s)```nginx\n(.*?)```", (root / "docs/container.md").read_text())
        documented = documented.replace("http://127.0.0.1:4000", service.url.replace("localhost", "127.0.0.1"))
        (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, port=port, tls=tls, documented=documented))
        with (folder / "nginx.log").open("w") as log:
            process = subprocess.Popen([NGINX, "-e", "stderr", "-c", folder / "nginx.conf"], stderr=log)
        try:
            it = Front(service, port, tls, folder / "certificate.pem")
            deadline = time.monotonic() + 30
            while True:
                try:
                    assert it.get("/healthz") == 200
                    break
                except OSError:
                    assert process.poll() is None, (folder / "nginx.log").read_text()
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
            yield it
        finally:
            process.terminate()
            process.wait(30)


def test_who_guesses_behind_the_proxy_locks_out_nobody_else(front: Front) -> None:
    guess = {"Authorization": "Bearer wrong"}
    assert [front.get("/records", "127.0.0.2", **guess) for _ in range(11)] == [401] * 10 + [429]
    assert front.get("/records", "127.0.0.3", **guess) == 401


def test_a_client_is_not_whom_it_says_it_is(front: Front) -> None:
    guess = {"Authorization": "Bearer wrong"}
    statuses = [front.get("/records", "127.0.0.4", **guess, **{"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(11)]
    assert statuses == [401] * 10 + [429]


def test_who_comes_past_the_proxy_is_not_believed(front: Front) -> None:
    port = front.service.place[1]
    guess = {"Authorization": "Bearer wrong"}
    statuses = [
        front.get("/records", "127.0.0.5", port, **guess, **{"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(11)
    ]
    assert statuses == [401] * 10 + [429]
    address = f"http://127.0.0.1:{port}/healthz"
    with requests.Session() as session:
        session.get_adapter(address).init_poolmanager(1, 1, source_address=("127.0.0.5", 0))
        answer = session.get(address, headers={"X-Forwarded-Proto": "https"}, timeout=30)
    assert "Strict-Transport-Security" not in answer.headers


def test_tls_ends_at_the_proxy_and_the_service_knows(front: Front) -> None:
    def get(scheme: str, port: int) -> requests.Response:
        headers = {"Authorization": "Bearer friend", "Accept": "application/json"}
        address = f"{scheme}://localhost:{port}/api/openapi.json"
        return requests.get(address, headers=headers, verify=str(front.certificate), timeout=30)

    answer = get("https", front.tls)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert json.loads(answer.text)["servers"] == [{"url": f"https://localhost:{front.tls}"}]
    answer = get("http", front.port)
    assert "Strict-Transport-Security" not in answer.headers
    assert json.loads(answer.text)["servers"] == [{"url": f"http://localhost:{front.port}"}]


def test_behind_tls_who_signs_in_gets_a_secure_cookie_and_stays_on_https(front: Front) -> None:
    with requests.Session() as browser:
        browser.trust_env, browser.verify = False, str(front.certificate)
        address = f"https://localhost:{front.tls}"
        headers = {"Accept": BROWSER, "Origin": address}
        asked = browser.get(f"{address}/records", headers=headers, timeout=30)
        assert (asked.status_code, asked.url.partition("?")[0]) == (200, f"{address}/signin")
        form = {"token": "friend", "next": "/records"}
        answer = browser.post(f"{address}/signin", data=form, headers=headers, allow_redirects=False, timeout=30)
        assert "Secure" in answer.headers["Set-Cookie"].split("; ")
        assert urljoin(answer.url, answer.headers["Location"]) == f"{address}/records"
        assert browser.get(f"{address}/records", headers=headers, timeout=30).url == f"{address}/records"
        stranger = {"Origin": f"https://elsewhere.example:{front.tls}"}
        assert browser.post(f"{address}/signout", headers=headers | stranger, timeout=30).status_code == 403
        plain = browser.get(f"http://localhost:{front.port}/records", headers=headers, timeout=30)
        assert "Cookie" not in plain.request.headers
        assert plain.url.partition("?")[0].endswith("/signin")


def test_a_header_that_is_sent_twice_does_not_hide_the_last_one(front: Front) -> None:
    """Some proxies add a line of their own below the client's."""
    place = front.service.place
    for n in range(11):
        with socket.create_connection(place, timeout=30) as connection:
            lines = ["GET /records HTTP/1.1", "Host: localhost", "Connection: close", "Authorization: Bearer wrong"]
            lines += [f"X-Forwarded-For: 192.0.2.{n}", "X-Forwarded-For: 198.51.100.7", "", ""]
            connection.sendall("\r\n".join(lines).encode())
            status = connection.makefile("rb").readline().split()[1]
        assert status == (b"401" if n < 10 else b"429")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9, 192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "192.0.2.1, 10.1.2.3", "192.0.2.1"),  # through two of ours
        ("10.0.0.1", "10.1.2.3, 10.1.2.4", "10.1.2.3"),  # one of ours asks
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.1:5060", "192.0.2.1"),
        ("10.0.0.1", "[2001:db8::1]:5060", "2001:db8::1"),
        ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("::ffff:10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("::1", "192.0.2.1", "192.0.2.1"),
        ("192.0.2.9", "192.0.2.1", "192.0.2.9"),
        ("::2", "192.0.2.1", "::2"),
    ],
)
def test_the_client_is_the_last_address_that_is_not_a_proxy_of_ours(peer: str, forwarded: str, client: str) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: f"{request.remote_addr} {request.scheme}")
    app.wsgi_app = TrustedProxies(app.wsgi_app, trusted_networks("10.0.0.0/8, ::1"))  # type: ignore[method-assign]
    headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
    answer = app.test_client().get("/", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert answer.text == f"{client} {'http' if peer in ('192.0.2.9', '::2') else 'https'}"


@pytest.mark.parametrize("setting", ["nginx", "10.0.0.1/8", "300.0.0.1", "10.0.0.0/40"])
def test_what_is_no_address_is_refused(setting: str) -> None:
    with pytest.raises(BadRequest, match="MNIST_PREDICT_PROXIES"):
        trusted_networks(setting)
