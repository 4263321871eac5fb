"""`/models`: what versions there are, how they were measured; promoting and rolling back."""

import re
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from version_examples import another_version, passed
from web_examples import BROWSER, JSON, Upload, picture_of

from mnist_predict.beside import Beside, row_of
from mnist_predict.champion import propose, standing
from mnist_predict.models.registry import open_version
from mnist_predict.reading import Reading
from mnist_predict.service import Service

SHIPPED = open_version().name


def test_the_page_lists_versions_and_says_what_to_run(
    client: FlaskClient, service: Service, upload: Upload, tmp_path: Path
) -> None:
    version = another_version(tmp_path, b"1", passed())
    propose(service.store, version, "learned from 213 labels")
    record = upload(picture_of("72"), accept=JSON).get_json()["id"]
    client.post("/uploads/record", data={"record": record, "number": "12"})
    text = client.get("/models", headers={"Accept": BROWSER}).text
    assert version.name in text
    assert "candidate" in text
    assert "mnist-predict learn" in text
    assert "1 label is new since a version last learned. 19 more labels make another candidate worthwhile." in text
    told = client.get("/models", headers={"Accept": JSON}).get_json()
    assert [(row["name"], row["aliases"]) for row in told["versions"]] == [
        (version.name, ["candidate"]),
        (SHIPPED, ["champion", "shipped"]),
    ]
    assert (told["new_labels"], told["reading"]) == (1, SHIPPED)


def test_without_torch_the_page_says_how_to_learn_beside_the_service(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "docker compose --profile learn up --build"
    assert told not in client.get("/models", headers={"Accept": BROWSER}).text
    monkeypatch.setattr("mnist_predict.web.views.models.find_spec", lambda name: None)
    assert told in client.get("/models", headers={"Accept": BROWSER}).text


def test_a_version_is_promoted_and_rolled_back_from_its_page(
    client: FlaskClient, service: Service, tmp_path: Path
) -> None:
    version = another_version(tmp_path, b"1", passed())
    propose(service.store, version, "learned")
    text = client.get("/models/candidate", headers={"Accept": BROWSER}).text
    assert f'action="/models/{version.name}/promote"' in text
    answer = client.post(f"/models/{version.name}/promote", data={"reason": "better"}, headers={"Accept": BROWSER})
    assert (answer.status_code, answer.location) == (303, "/models")
    assert standing(service.store).reading == version.name
    assert "Roll back to" in client.get("/models", headers={"Accept": BROWSER}).text
    done = client.post("/models/rollback", data={"reason": "worse"}, headers={"Accept": JSON}).get_json()
    assert (done["version"], done["replaced"], done["reason"]) == (SHIPPED, version.name, "worse")


def test_what_has_not_passed_is_refused_with_409_and_promoted_by_force_with_a_reason(
    client: FlaskClient, service: Service, tmp_path: Path
) -> None:
    version = another_version(tmp_path, b"1", passed(SHIPPED, "calibration"))
    propose(service.store, version, "learned")
    text = client.get(f"/models/{version.name}", headers={"Accept": BROWSER}).text
    assert "did not pass the gate: calibration" in text
    assert re.search(r'name="force"[^>]* required', text)
    refused = client.post(f"/models/{version.name}/promote", headers={"Accept": JSON})
    assert refused.status_code == 409
    assert "calibration" in refused.get_json()["error"]
    assert standing(service.store).reading == SHIPPED
    client.post(f"/models/{version.name}/promote", data={"force": "the old one is wrong"})
    assert service.store.assignments()[0].forced


@pytest.mark.parametrize("path", ["/models/reader-0123456789", "/models/previous", "/models/%3Cscript%3E"])
def test_a_version_that_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers={"Accept": BROWSER}).status_code == 404
    assert client.post(f"{path}/promote").status_code == 404


def test_pictures_that_were_erased_are_not_on_the_page_of_a_version(
    client: FlaskClient, service: Service, upload: Upload, tmp_path: Path
) -> None:
    kept, gone = (upload(picture_of(number), accept=JSON).get_json()["id"] for number in ("72", "31"))
    report = passed()
    report["gate"]["changed"] = {"fixed": [kept, gone], "broken": []}
    version = another_version(tmp_path, b"1", report)
    propose(service.store, version, "learned")
    client.delete(f"/records/{gone}")
    text = client.get(f"/models/{version.name}", headers={"Accept": BROWSER}).text
    assert f"/records/{kept}" in text
    assert gone not in text


def test_the_page_of_a_candidate_says_what_it_reads_beside_the_champion(
    client: FlaskClient, service: Service, upload: Upload, tmp_path: Path
) -> None:
    version = another_version(tmp_path, b"1", passed())
    propose(service.store, version, "learned")
    path = f"/models/{version.name}"
    assert "Beside the champion" not in client.get(path, headers={"Accept": BROWSER}).text
    ids = [upload(picture_of(number), accept=JSON).get_json()["id"] for number in ("72", "31")]
    service.label(ids[0], "12")
    nothing = Reading((), None, (), version.name)
    with closing(Beside(tmp_path, version.name)) as beside:
        beside.keep([row_of(service.record(each), nothing) for each in ids])
    text = client.get(path, headers={"Accept": BROWSER}).text
    assert "It has read 2 kept pictures of this service, 2 of them differently." in text
    assert "People labelled 1 of the newest: this version read 0 of them right, the one that answered 0." in text
    assert all(f"/records/{each}" in text for each in ids)
