"""Erasing a picture for good: what is asked before, what is told after, and that nobody brings it about by accident."""

import json
from functools import partial

import pytest
from flask.testing import FlaskClient
from web_examples import BROWSER, CURL, JSON, Upload, picture_of

from mnist_predict.service import Service
from mnist_predict.store import erasing
from mnist_predict.store.record import Record


@pytest.fixture
def record(upload: Upload, client: FlaskClient, service: Service) -> Record:
    """One of two records of a picture, with a label; and there is another picture."""
    upload(picture_of("7"), "other name.png")
    read = upload(picture_of("7"), "7.png", accept=JSON, **{"Idempotency-Key": "k"}).get_json()
    client.post("/uploads/record", data={"record": read["id"], "number": "1"})
    upload(picture_of("40"), "40.png")
    return service.record(read["id"])


def test_the_page_says_what_goes_and_asking_for_it_changes_nothing(
    client: FlaskClient, service: Service, record: Record
) -> None:
    assert f'href="/records/{record.id}/erase"' in client.get(f"/records/{record.id}", headers={"Accept": BROWSER}).text
    page = client.get(f"/records/{record.id}/erase").text
    assert "Its 2 records" in page
    assert "Its label" in page
    assert len(service.store.page()) == 4


@pytest.mark.parametrize("accept", [CURL, JSON, BROWSER], ids=["text", "json", "html"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_it_is_erased_and_says_so_from_then_on(
    client: FlaskClient, service: Service, record: Record, method: str, accept: str
) -> None:
    path = f"/records/{record.id}" + ("/erase" if method == "POST" else "")
    answer = client.open(path, method=method, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    [erasure] = service.store.erasures()
    assert len(erasure.records) == 3
    if accept == JSON:
        assert answer.get_json() == erasure.to_dict()
    elif accept == CURL:
        assert answer.text.splitlines() == [f"erased: {each}" for each in erasure.records]
    else:
        assert "ids of 3 records and labels" in answer.text
    assert [each.image_name for each in service.store.page()] == ["40.png"]
    for again in ("", "/erase", "/picture", "/preview/small"):
        gone = client.get(f"/records/{record.id}{again}", headers={"Accept": accept})
        assert gone.status_code == 410
        assert "was erased for good" in gone.text
    assert client.open(path, method=method).status_code == 410
    assert client.get("/uploads/7.png").status_code == 404


@pytest.fixture
def in_parts(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request erases two records or labels."""
    monkeypatch.setattr(service.store, "erased_with", partial(service.store.erased_with, limit=2))
    monkeypatch.setattr(erasing, "SECONDS", 0)


@pytest.mark.usefixtures("in_parts")
def test_of_very_many_a_request_erases_some_and_says_that_more_is_left(
    client: FlaskClient, service: Service, record: Record
) -> None:
    page = client.get(f"/records/{record.id}/erase").text
    assert "Its records and labels, more than 2." in page
    assert "Its label" not in page
    some = client.delete(f"/records/{record.id}", headers={"Accept": JSON})
    assert (some.status_code, some.get_json()["complete"], len(some.get_json()["erased"])) == (202, False, 2)
    assert service.store.get(record.id) == record
    rest = client.delete(f"/records/{record.id}", headers={"Accept": JSON})
    assert (rest.status_code, rest.get_json()["complete"], rest.get_json()["erased"]) == (200, True, [str(record.id)])
    assert client.delete(f"/records/{record.id}").status_code == 410
    assert [each.image_name for each in service.store.page()] == ["40.png"]


@pytest.mark.usefixtures("in_parts")
def test_curl_is_told_that_more_is_left(client: FlaskClient, record: Record) -> None:
    text = client.delete(f"/records/{record.id}", headers={"Accept": CURL}).text
    assert text.splitlines()[-1] == "More is left to erase. Send this again."


@pytest.mark.usefixtures("in_parts")
def test_the_page_has_a_button_that_erases_the_rest(client: FlaskClient, record: Record) -> None:
    page = client.post(f"/records/{record.id}/erase", headers={"Accept": BROWSER})
    assert page.status_code == 202
    assert "2 records and labels were erased just now. More are left." in page.text
    assert f'action="/records/{record.id}/erase"' in page.text
    last = client.post(f"/records/{record.id}/erase", headers={"Accept": BROWSER})
    assert "Erased for good" in last.text


def test_a_retry_of_its_upload_and_a_late_label_are_told_that_it_is_gone(
    client: FlaskClient, upload: Upload, service: Service, record: Record
) -> None:
    client.delete(f"/records/{record.id}")
    retry = upload(picture_of("7"), "7.png", accept=JSON, **{"Idempotency-Key": "k"})
    late = client.post("/uploads/record", data={"record": str(record.id), "number": "2"}, headers={"Accept": JSON})
    for answer in (retry, late):
        assert answer.status_code == 410
        assert json.loads(answer.text)["error"].startswith(f"Record {record.id} was erased for good.")
    assert upload(picture_of("7"), "7.png").status_code == 200  # a new upload of the same picture is one


def test_a_record_by_hand_without_a_picture_is_erased_alone(client: FlaskClient, service: Service) -> None:
    for name in ("a", "b"):
        client.post("/uploads/record", data={"image_name": name, "number": "4"})
    record = service.store.page()[0]
    page = client.get(f"/records/{record.id}/erase").text
    assert "Erase this record for good?" in page
    assert "<img" not in page
    client.post(f"/records/{record.id}/erase")
    assert [each.image_name for each in service.store.page()] == ["a"]


@pytest.mark.parametrize("path", ["/records/{}/erase", "/records/{}"])
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}])
def test_the_page_of_another_site_cannot_erase(
    client: FlaskClient, service: Service, record: Record, path: str, headers: dict[str, str]
) -> None:
    method = "POST" if path.endswith("erase") else "DELETE"
    assert client.open(path.format(record.id), method=method, headers=headers).status_code == 403
    assert service.store.get(record.id) == record


def test_what_is_no_record_cannot_be_erased(client: FlaskClient) -> None:
    for wrong in ("7", "00000000-0000-7000-8000-000000000000"):
        assert client.get(f"/records/{wrong}/erase").status_code == 404
        assert client.delete(f"/records/{wrong}").status_code == 404
