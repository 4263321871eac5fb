"""What clients are told of what the store has acknowledged and not yet synced."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flaky_store import FlakyStore
from flask.testing import FlaskClient
from store_examples import until
from web_examples import BROWSER, JSON, Upload, picture_of

from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.store.spool.failover import SpooledStore
from mnist_predict.store.spool.spool import Spool
from mnist_predict.vision.recognizer import Recognizer


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SpooledStore]:
    monkeypatch.setattr("mnist_predict.store.spool.volume._MARKS", ())
    monkeypatch.delenv("container", raising=False)
    behind = FlakyStore(tmp_path / "kept.sqlite")
    behind.sync_period = 10
    spooled = SpooledStore(behind, Spool(tmp_path / "spool.sqlite", 1))
    until(lambda: behind.checked)
    yield spooled
    spooled.close()


@pytest.fixture
def service(recognizer: Recognizer, store: SpooledStore, tmp_path: Path) -> Service:
    return Service(recognizer, store, Settings(data=str(tmp_path)))


def test_an_upload_is_in_the_store_and_what_waits_for_the_sync_is_told_apart(
    client: FlaskClient, upload: Upload
) -> None:
    told = upload(picture_of("7"), accept=JSON).get_json()
    assert (told["stored"], "warning" in told) == ("store", False)
    label = client.post("/uploads/record", data={"record": told["id"], "number": "17"})
    assert "stored" not in label.text
    ready = client.get("/readyz").text
    assert "store writable" in ready
    assert "\nin the store, and in the spool until the store has synced: 2\n" in ready
    assert "waiting" not in ready
    metrics = client.get("/metrics").text
    assert "\nmnist_predict_spool_unsynced_records 2.0\n" in metrics
    assert "\nmnist_predict_spool_records 0.0\n" in metrics
    assert 'class="away"' not in client.get("/records", headers={"Accept": BROWSER}).text


def test_where_the_copy_goes_with_the_container_every_answer_says_so(
    client: FlaskClient, upload: Upload, store: SpooledStore
) -> None:
    store.ephemeral = True
    told = upload(picture_of("7"), accept=JSON).get_json()
    assert told["stored"] == "store"
    assert "not synced this to its disks yet" in told["warning"]
    text = upload(picture_of("1"), name="one.png").text
    assert text.startswith("recognised result: 1\n")
    assert "warning: The store has not synced this to its disks yet." in text
    page = client.get("/records", headers={"Accept": BROWSER}).text
    assert "has not synced 2 records to its disks yet" in page
    assert "The store is back" not in page
    assert "The store is away" not in page


def test_an_upload_that_the_spool_cannot_keep_until_the_sync_is_not_acknowledged(
    client: FlaskClient, upload: Upload
) -> None:
    large = picture_of("7").ljust(1_000_000, b"\0")
    refused = upload(large)
    assert refused.status_code == 503
    assert "syncs to its disks only every 10 s" in refused.text
    assert "is full" in refused.text
    assert upload(picture_of("7")).status_code == 200
