"""What clients are told while the store is away: a real Cassandra store where nobody is, and its spool."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from web_examples import BROWSER, JSON, Upload, picture_of

from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.store.ids import new_id
from mnist_predict.store.opening import open_safe_store
from mnist_predict.store.spool.failover import SpooledStore
from mnist_predict.vision.recognizer import Recognizer

PASSWORD = "hunter2"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SpooledStore]:
    monkeypatch.setattr("mnist_predict.store.spool.volume._MARKS", ())
    monkeypatch.delenv("container", raising=False)
    nobody = f"cassandra://me:{PASSWORD}@127.66.6.6/nobody_there"
    opened = open_safe_store(Settings.from_environment({}).but(store=nobody, data=str(tmp_path / "data"), spool_mb=1))
    assert isinstance(opened, SpooledStore)
    yield opened
    opened.close()


@pytest.fixture
def service(recognizer: Recognizer, store: SpooledStore, tmp_path: Path) -> Service:
    return Service(recognizer, store, Settings(data=str(tmp_path)))


def test_an_upload_is_kept_in_the_spool_and_its_answer_says_so(upload: Upload, store: SpooledStore) -> None:
    told = upload(picture_of("7"), accept=JSON).get_json()
    assert (told["number"], told["stored"]) == ("7", "spool")
    assert "warning" not in told
    text = upload(picture_of("7")).text
    assert text.startswith("recognised result: 7\n")
    assert "stored: in the spool, until the store is back\n" in text
    assert store.waiting() == 2


def test_what_waits_is_shown_under_a_banner(client: FlaskClient, upload: Upload) -> None:
    address = upload(picture_of("7"), accept=BROWSER).headers["Location"]
    upload(picture_of("1"), name="one.png")
    for page in (address, "/records", "/uploads"):
        shown = client.get(page, headers={"Accept": BROWSER})
        assert shown.status_code == 200
        banner = re.search(r'(?s)<p class="away" role="status">(.*?)</p>', shown.text)
        assert banner
        assert "The store is away." in banner[1]
        assert "2 records wait" in banner[1]
        assert ("Only the records in the spool are shown" in banner[1]) == (page == "/records")
    listed = client.get("/records", headers={"Accept": JSON}).get_json()
    assert [record["image_name"] for record in listed["records"]] == ["one.png", "7.png"]
    assert "cannot be reached" in listed["away"]
    assert client.get("/uploads/one.png").data == picture_of("1")


def test_an_empty_spool_is_not_taken_for_an_empty_history(client: FlaskClient) -> None:
    client.get("/records")
    text = client.get("/records", headers={"Accept": BROWSER}).text
    assert "The spool is empty." in text
    assert "No records yet" not in text


def test_what_is_not_all_is_not_handed_out_as_a_file(client: FlaskClient, upload: Upload) -> None:
    upload(picture_of("7"))
    assert len(client.get("/records?number=7", headers={"Accept": JSON}).get_json()["records"]) == 1
    answer = client.get("/records.csv")
    assert answer.status_code == 503
    assert "not all records can be had now" in answer.text


def test_what_only_the_store_has_is_not_said_to_be_missing(client: FlaskClient) -> None:
    for page in (f"/records/{new_id()}", "/uploads/other.png"):
        answer = client.get(page)
        assert answer.status_code == 503
        assert "The store is away" in client.get(page).text
        assert answer.headers["Retry-After"]


def test_a_record_that_waits_can_be_labelled(client: FlaskClient, upload: Upload) -> None:
    record = upload(picture_of("7"), accept=JSON).get_json()["id"]
    form = {"record": record, "number": "17"}
    label = client.post("/uploads/record", data=form, headers={"Accept": JSON}).get_json()
    assert (label["number"], label["label_of"], label["stored"]) == ("17", record, "spool")
    assert "stored: in the spool" in client.post("/uploads/record", data=form).text
    shown = client.get(f"/records/{record}", headers={"Accept": JSON}).get_json()
    assert [each["number"] for each in shown["labels"]] == ["17", "17"]


def test_it_is_ready_while_the_spool_takes_uploads(client: FlaskClient, upload: Upload) -> None:
    upload(picture_of("7"))
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert "store away, uploads go to the spool" in ready.text
    assert "\nwaiting in the spool: 1\n" in ready.text
    figures = client.get("/metrics").text
    assert "\nmnist_predict_store_away 1.0\n" in figures
    assert "\nmnist_predict_spool_records 1.0\n" in figures
    assert "\nmnist_predict_spool_limit_bytes 1e+06\n" in figures
    used = re.search(r"\nmnist_predict_spool_bytes (\S+)\n", figures)
    assert used
    assert 50_000 < float(used[1]) < 1_000_000


def test_when_the_spool_is_full_nothing_is_acknowledged(
    client: FlaskClient, upload: Upload, store: SpooledStore
) -> None:
    large = picture_of("7").ljust(1_000_000, b"\0")
    refused = upload(large)
    assert refused.status_code == 503
    assert "is full" in refused.text
    assert store.page() == []
    store.spool.limit = 100_000
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert "is full" in ready.text


def test_where_the_spool_goes_with_the_container_every_answer_says_so(
    client: FlaskClient, upload: Upload, store: SpooledStore
) -> None:
    store.ephemeral = True
    told = upload(picture_of("7"), accept=JSON).get_json()
    assert "lost with it" in told["warning"]
    for text in (
        upload(picture_of("7")).text,
        client.get("/readyz").text,
        client.get("/uploads", headers={"Accept": BROWSER}).text,
        client.post("/uploads/record", data={"record": told["id"], "number": "7"}).text,
    ):
        assert "The spool is inside this container and is lost with it" in text


def test_the_password_of_the_store_is_shown_nowhere(
    client: FlaskClient, upload: Upload, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    said = [upload(picture_of("7"), accept=accept).text for accept in (JSON, BROWSER, "*/*")]
    pages = ("/readyz", "/metrics", "/records", "/uploads/other.png", f"/records/{new_id()}")
    said += [client.get(page, headers={"Accept": accept}).text for page in pages for accept in (JSON, BROWSER, "*/*")]
    printed = capsys.readouterr()
    everything = "\n".join([*said, caplog.text, printed.out, printed.err])
    assert "127.66.6.6" in everything
    assert PASSWORD not in everything


def test_the_review_says_that_it_needs_the_store(client: FlaskClient) -> None:
    page = client.get("/review", headers={"Accept": BROWSER})
    assert page.status_code == 503
    assert "The store is away, so there is nothing to review now." in page.text
    assert client.get("/review", headers={"Accept": JSON}).get_json()["status"] == 503
    assert client.post("/review/next", headers={"Accept": JSON}).status_code == 503
