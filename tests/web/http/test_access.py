"""Who may: tokens, sessions, names of the service, how much at once. Each test is somebody who tries."""

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from web_examples import BROWSER, JSON, picture_of

from mnist_predict.errors import BadRequest
from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.web.app import create_app
from mnist_predict.web.http import limits
from mnist_predict.web.tokens import Tokens

With = Callable[..., FlaskClient]
TOKENS = "ann=open-sesame,bo=friend"
BEARER = {"Authorization": "Bearer friend"}


@pytest.fixture
def with_settings(service: Service, tmp_path: Path) -> With:
    """A client of the service under some settings."""

    def make(**settings: str) -> FlaskClient:
        environment = {f"MNIST_PREDICT_{name.upper()}": value for name, value in settings.items()}
        settings_of = Settings.from_environment(environment).but(data=str(tmp_path))
        return create_app(settings_of, service).test_client()

    return make


def seven() -> dict[str, tuple[io.BytesIO, str]]:
    return {"file": (io.BytesIO(picture_of("7")), "7.png")}


def test_without_a_token_nothing_but_the_probes_is_answered(with_settings: With, service: Service) -> None:
    service.upload(picture_of("7"), "7.png")
    client = with_settings(token=TOKENS)
    for rule in client.application.url_map.iter_rules():
        path = rule.rule.replace("<image_name:name>", "7.png").replace("<record_id>", str(service.store.page()[0].id))
        path = path.replace("<any(small, large):size>", "small")
        path = path.replace("<path:filename>", "look.css").replace("<path:name>", "look.css")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            status = client.open(path, method=method).status_code
            is_public = path in ("/healthz", "/readyz", "/signin") or path.startswith("/static/")
            is_open = is_public and method == "GET"
            assert status == (200 if is_open else 401), f"{method} {path}"
    assert client.get("/nowhere").status_code == 401  # not even what there is not
    assert len(service.store.page()) == 1


@pytest.mark.parametrize("header", ["Bearer friend", "bearer open-sesame", "Bearer  friend "])
def test_a_program_sends_its_token_with_each_request(with_settings: With, header: str) -> None:
    answer = with_settings(token=TOKENS).post("/uploads", data=seven(), headers={"Authorization": header})
    assert answer.text.startswith("recognised result: 7\n")
    assert "Set-Cookie" not in answer.headers


def test_a_copy_of_a_cookie_is_worth_nothing_once_its_owner_has_signed_out(with_settings: With) -> None:
    mine, copy, another = (with_settings(token=TOKENS) for _ in range(3))  # workers, or the same after a restart
    mine.post("/signin", data={"token": "open-sesame"})
    cookie = mine.get_cookie("mnist_predict")
    assert cookie
    another.post("/signin", data={"token": "open-sesame"})
    copy.set_cookie("mnist_predict", cookie.value)
    assert copy.get("/records").status_code == 200
    assert mine.post("/signout").status_code == 303
    assert mine.get("/records").status_code == 401
    assert copy.get("/records").status_code == 401
    assert another.get("/records").status_code == 200
    assert copy.get("/records", headers=BEARER).status_code == 200


def test_who_sent_it_is_kept_with_records_and_labels(with_settings: With, service: Service) -> None:
    client = with_settings(token=TOKENS)
    read = client.post("/uploads", data=seven(), headers=BEARER | {"Accept": JSON}).get_json()
    client.post("/signin", data={"token": "open-sesame"})
    label = client.post("/uploads/record", data={"record": read["id"], "number": "1"}, headers={"Accept": JSON})
    client.post("/uploads/record", data={"lines": "paper.png,4\n7.png,2"})
    assert (read["by"], label.get_json()["by"]) == ("bo", "ann")
    assert {record.by for record in service.store.page(limit=3)} == {"ann"}
    page = client.get(f"/records/{read['id']}", headers={"Accept": BROWSER}).text
    assert "UTC</time> by bo" in page
    assert page.count("<td>ann</td>") == 2
    assert service.upload(picture_of("7"), "7.png").by is None


@pytest.mark.parametrize(
    "header",
    [
        *("", "Bearer", "Bearer ", "Bearer frien", "Bearer friend2", "Bearer bo", "Bearer bo=friend"),
        *("Basic Ym86ZnJpZW5k", "friend", "Bearer \xff"),
    ],
)
def test_a_wrong_token_is_told_what_is_wanted(with_settings: With, header: str) -> None:
    answer = with_settings(token=TOKENS).post("/uploads", data=seven(), headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "Bearer YOUR-TOKEN" in answer.text


def test_wrong_tokens_are_limited_and_the_right_one_never_is(with_settings: With) -> None:
    """Everybody behind one address counts as one client."""
    client = with_settings(token=TOKENS)
    shared = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    for guess in range(10):
        wrong = {"Authorization": f"Bearer guess-{guess}"}
        assert client.get("/records", headers=wrong, **shared).status_code == 401
    answer = client.get("/records", headers={"Authorization": "Bearer guess-10"}, **shared)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert client.post("/signin", data={"token": "guess-11"}, **shared).status_code == 429
    assert client.get("/records", headers=BEARER, **shared).status_code == 200
    assert client.post("/signin", data={"token": "friend"}, **shared).status_code == 303
    assert client.get("/records", headers={"Authorization": "Bearer guess-12"}).status_code == 401


def test_a_person_signs_in_and_out(with_settings: With) -> None:
    client = with_settings(token=TOKENS)
    asked = client.get("/records?before=", headers={"Accept": BROWSER})
    assert asked.headers["Location"] == "/signin?next=/records?before%3D"
    page = client.post("/signin", data={"token": "sesame"})
    assert page.status_code == 401
    assert "not a valid token" in page.text
    answer = client.post("/signin", data={"token": " friend ", "next": "/records"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/records")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "friend" not in cookie
    page = client.get("/records", headers={"Accept": BROWSER})
    assert "Signed in as bo" in page.text
    assert "Set-Cookie" not in page.headers
    client.post("/signout")
    assert client.get("/records").status_code == 401


def test_behind_tls_the_cookie_never_goes_without(with_settings: With) -> None:
    client = with_settings(token=TOKENS, proxies="10.0.0.1")
    tls = {"X-Forwarded-Proto": "https"}
    believed = {"environ_base": {"REMOTE_ADDR": "10.0.0.1"}}
    answer = client.post("/signin", data={"token": "friend"}, headers=tls, **believed)
    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in client.get("/signin", **believed).headers
    assert "Strict-Transport-Security" not in client.get("/signin", headers=tls).headers  # from anybody


@pytest.mark.parametrize("address", ["https://evil.example", "//evil.example", "/\\evil.example", "/a\nb", "evil", ""])
def test_signing_in_leads_to_no_other_site(with_settings: With, address: str) -> None:
    answer = with_settings(token=TOKENS).post("/signin", data={"token": "friend", "next": address})
    assert answer.headers["Location"] == "/uploads"


def test_a_forged_or_outdated_session_is_none(with_settings: With) -> None:
    client, later = with_settings(token=TOKENS), with_settings(token="ann=open-sesame")
    client.post("/signin", data={"token": "friend"})
    cookie = client.get_cookie("mnist_predict")
    assert cookie
    later.set_cookie("mnist_predict", cookie.value)  # the tokens have changed meanwhile
    assert later.get("/records").status_code == 401
    payload, _, rest = cookie.value.partition(".")
    client.set_cookie("mnist_predict", f"{payload[:-1]}x.{rest}")
    assert client.get("/records").status_code == 401


def test_another_site_can_neither_sign_in_nor_out(with_settings: With) -> None:
    client = with_settings(token=TOKENS)
    client.post("/signin", data={"token": "friend"})
    for path in ("/signin", "/signout", "/uploads"):
        assert client.post(path, data={"token": "friend"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.get("/records").status_code == 200


def test_without_tokens_nobody_is_asked(with_settings: With) -> None:
    client = with_settings()
    assert client.get("/records").status_code == 200
    assert client.post("/signin", data={"token": ""}).status_code == 401
    assert client.post("/signout").status_code == 303


@pytest.mark.parametrize(
    ("setting", "token", "name"),
    [
        ("secret", "secret", "token"),
        ("c2VjcmV0Cg==", "c2VjcmV0Cg==", "token"),
        ("ann=a, bo = b", "b", "bo"),
        ("ann=a,bo=b=c", "b=c", "bo"),
        ("ann=a,,", "", None),
        ("ann=a", "\ud800", None),
    ],
)
def test_tokens_are_one_or_several_with_names(setting: str, token: str, name: str | None) -> None:
    assert Tokens.of(setting).name_of(token) == name


def test_a_setting_without_a_token_in_it_is_refused_rather_than_open(with_settings: With) -> None:
    with pytest.raises(BadRequest, match="holds no token"):
        with_settings(token=" , ")


def test_the_token_is_in_no_description_of_the_settings() -> None:
    assert "secret" not in repr(Settings.from_environment({"MNIST_PREDICT_TOKEN": "secret"}))


@pytest.mark.parametrize(
    ("settings", "host", "status"),
    [
        ({}, "localhost:4000", 200),
        ({}, "127.0.0.1", 200),
        ({}, "[::1]:4000", 200),
        ({}, "rebound.example:4000", 421),
        ({}, "localhost.evil.example", 421),
        ({"host": "0.0.0.0"}, "digits.example", 200),
        ({"hosts": "digits.example, other.example"}, "OTHER.example:80", 200),
        ({"hosts": "digits.example"}, "localhost", 421),
    ],
)
def test_a_name_that_was_bent_to_this_computer_is_not_answered(
    with_settings: With, settings: dict[str, str], host: str, status: int
) -> None:
    """DNS rebinding: the browser believes that this is the site of a stranger's page."""
    for accept in (BROWSER, JSON):
        assert with_settings(**settings).get("/records", headers={"Host": host, "Accept": accept}).status_code == status


def test_a_client_that_sends_more_than_its_share_is_told_when_to_come_back(with_settings: With) -> None:
    client = with_settings(rate="3")
    for _ in range(3):
        assert client.post("/read", data=seven()).status_code == 200
    answer = client.post("/read", data=seven())
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 20
    assert client.get("/records").status_code == 200
    assert client.post("/read", data=seven(), environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200


@pytest.mark.parametrize(("limit", "others"), [((2, 2), 429), ((9, 2), 400)])
def test_pictures_beyond_those_that_fit_are_sent_back_and_the_rest_is_read(
    with_settings: With, service: Service, monkeypatch: pytest.MonkeyPatch, limit: tuple[int, int], others: int
) -> None:
    monkeypatch.setattr(limits, "REQUESTS", limit)
    client = with_settings()
    inside, go_on = threading.Semaphore(0), threading.Event()
    read = service.recognizer.read

    class Slow:
        model_version = service.recognizer.model_version

        def read(self, *arguments):  # type: ignore[no-untyped-def]
            inside.release()
            assert go_on.wait(60)
            return read(*arguments)

    monkeypatch.setattr(client.application.extensions["service"], "recognizer", Slow())
    statuses: list[int] = []

    def send() -> None:
        statuses.append(client.application.test_client().post("/read", data=seven()).status_code)

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert inside.acquire(timeout=60)  # one reads ...
    deadline = time.monotonic() + 60
    while client.application.extensions["limits"].requests.taken() < 2:  # ... and the other is on its way
        assert time.monotonic() < deadline
        time.sleep(0.01)
    answer = client.post("/read", data=seven())
    elsewhere = client.post("/read", environ_base={"REMOTE_ADDR": "192.0.2.7"})  # without a picture
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert elsewhere.status_code == others
    assert statuses == [200, 200]
    assert client.post("/read", data=seven()).status_code == 200


def test_examples_send_a_token_where_one_is_needed(with_settings: With, service: Service) -> None:
    record = service.upload(picture_of("7"), "7.png")
    pages = {"/api": 3, "/uploads": 1, f"/records/{record.id}": 3}
    headers = BEARER | {"Accept": BROWSER}
    for path, examples in pages.items():
        assert with_settings(token=TOKENS).get(path, headers=headers).text.count("Authorization") == examples, path
        assert "Authorization" not in with_settings().get(path, headers=headers).text, path


def test_a_form_that_is_sent_after_the_session_has_ended_leads_to_sign_in(with_settings: With) -> None:
    client = with_settings(token=TOKENS)
    page = client.post("/uploads", data=seven(), headers={"Accept": BROWSER})
    assert page.status_code == 401
    assert '<a class="button main" href="/signin">Sign in</a>' in page.text
    assert page.text.count("button main") == 1
    assert "You are not signed in any more" in page.text
    assert "curl" not in page.text


def test_a_script_of_a_page_is_told_to_sign_in_and_a_program_to_send_its_token(with_settings: With) -> None:
    client = with_settings(token=TOKENS)

    def told(**headers: str) -> str:
        answer = client.post("/uploads", data=seven(), headers={"Accept": JSON} | headers)
        assert answer.status_code == 401
        return str(answer.get_json()["error"])

    assert "Sign in" in told(**{"Sec-Fetch-Site": "same-origin"})
    assert "Authorization: Bearer" in told()
    assert "Authorization: Bearer" in told(**{"Sec-Fetch-Site": "same-origin", "Authorization": "Bearer wrong"})
