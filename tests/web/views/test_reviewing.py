"""The review over HTTP: what is given to whom, what is kept, and the grid."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from PIL import Image
from store_examples import plain_id
from web_examples import BROWSER, JSON, keep_unsure, picture_of
from werkzeug.test import TestResponse

from mnist_predict import review
from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.store.ids import is_for_two, new_id
from mnist_predict.vision.recognizer import Recognizer
from mnist_predict.web.app import create_app

Wait = Callable[..., list[str]]


@pytest.fixture
def wait(service: Service, recognizer: Recognizer) -> Wait:
    """Keep readings that wait for a person."""
    return lambda *numbers: keep_unsure(service.store, recognizer, *numbers)


@pytest.fixture
def post(client: FlaskClient) -> Callable[..., Any]:
    """Post a form to an address of the review; its JSON, or where a browser is sent."""

    def send(path: str, browser: bool = False, **fields: Any) -> Any:
        answer = client.post(f"/review/{path}", data=fields, headers={"Accept": BROWSER if browser else JSON})
        if browser:
            assert answer.status_code == 303
            return answer.headers["Location"]
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    return send


def sampled_id() -> UUID:
    """An id that is of the random sample."""
    return UUID(int=new_id().int & ~0xFFF)


def test_each_reading_is_given_to_one_person(client: FlaskClient, wait: Wait, post: Callable[..., Any]) -> None:
    ids = wait("12", "7", "360")[::-1]
    mine = post("next", count=2)
    assert [reading["id"] for reading in mine["readings"]] == ids[:2]
    assert mine["readings"][0]["reasons"][0] == "unsure"
    theirs = post("next", count=2)
    assert theirs["reviewer"] != mine["reviewer"]
    assert [reading["id"] for reading in theirs["readings"]] == ids[2:]
    again = post("next", count=3, reviewer=mine["reviewer"], keep=ids[1:2])
    assert [reading["id"] for reading in again["readings"]] == [ids[1], ids[0]]
    assert client.get("/review", headers={"Accept": JSON}).get_json() == {"waiting": 3, "more": False, "readings": []}


def test_what_is_said_is_kept_and_the_next_is_given(
    client: FlaskClient, service: Service, wait: Wait, post: Callable[..., Any]
) -> None:
    seven, twelve = wait("7", "12")
    first = post("next", browser=True, reviewer="me")
    assert first == f"/review?reviewer=me&record={twelve}"
    second = post("answer", browser=True, record=twelve, number="1 3", reviewer="me")
    [label] = service.store.labels(service.record(twelve).id)
    assert second == f"/review?reviewer=me&record={seven}&last={label.id}"
    assert f'<input type="hidden" name="label" value="{label.id}">' in client.get(second).text
    back = post("undo", browser=True, label=label.id, reviewer="me")
    assert back == f"/review?reviewer=me&record={twelve}"
    assert service.store.labels(service.record(twelve).id) == []
    post("answer", record=twelve, number="12", reviewer="me")
    label = post("answer", record=seven, number="", reviewer="me")
    assert (label["number"], label["label_of"], label["stored"]) == ("", seven, "store")
    assert service.store.unreviewed().ids == []
    end = post("next", browser=True, reviewer="me")
    page = client.get(end, headers={"Accept": BROWSER}).text
    assert "Nothing to review." in page


def test_what_is_skipped_is_given_to_nobody_for_a_while(wait: Wait, post: Callable[..., Any]) -> None:
    older, newer = wait("7", "12")
    post("next", reviewer="me")
    assert post("skip", record=newer, reviewer="me") == {"skipped": newer}
    assert [reading["id"] for reading in post("next", count=5)["readings"]] == [older]
    assert post("next", count=5, reviewer="me")["readings"] == []


def test_no_number_is_a_label_and_everywhere_called_so(
    client: FlaskClient, wait: Wait, post: Callable[..., Any]
) -> None:
    [seven] = wait("7")
    post("answer", record=seven, number="")
    page = client.get(f"/records/{seven}", headers={"Accept": BROWSER}).text
    assert '<h1 class="number none">No number</h1>' in page
    assert "Corrected by hand" in page
    assert '<td class="n">no number</td>' in page
    text = client.post("/uploads/record", data={"record": seven, "number": ""}).text
    assert text.startswith("recorded: no number\n")
    assert client.post("/uploads/record", data={"record": seven}).status_code == 400
    assert client.post("/uploads/record", data={"image_name": "other.png", "number": ""}).status_code == 400


def test_a_crop_shows_the_number_with_some_paper(client: FlaskClient, wait: Wait) -> None:
    number, blank = wait("4072", "")
    answer = client.get(f"/review/{number}/crop")
    assert answer.mimetype == "image/jpeg"
    plain = Image.open(io.BytesIO(answer.data))
    x, y, w, h = client.get(f"/records/{number}", headers={"Accept": JSON}).get_json()["numbers"][0]["box"]
    margin = round(0.5 * h)
    page = Image.open(io.BytesIO(picture_of("4072")))
    left, top, right, bottom = max(0, x - margin), max(0, y - margin), x + w + margin, y + h + margin
    assert plain.size == (
        min(right, page.width) - left,
        min(bottom, page.height) - top,
    )  # where the page ends, so does it
    marked = Image.open(io.BytesIO(client.get(f"/review/{number}/crop?marked=yes").data))
    assert marked.size == plain.size
    middle = (x - left - 1, y - top + h // 2)  # on the left edge of the box
    red, _, blue = marked.convert("RGB").getpixel(middle)
    assert blue > red + 40
    assert Image.open(io.BytesIO(client.get(f"/review/{blank}/crop").data)).size == (150, 144)
    assert client.get(f"/review/{new_id()}/crop").status_code == 404


def test_the_grid_confirms_what_is_not_clicked(
    client: FlaskClient, service: Service, wait: Wait, post: Callable[..., Any]
) -> None:
    *_, other = ids = wait("7", "7", "7", "12")
    address = post("next", browser=True, digit="7", count=40, reviewer="me")
    page = client.get(address).text
    assert [each in page for each in ids] == [True, True, True, False]
    then = post("grid", browser=True, digit="7", record=ids[:3], wrong=ids[1], reviewer="me")
    labels = [service.store.labels(service.record(ids[at]).id)[0].id for at in (0, 2)]
    assert then == f"/review?reviewer=me&record={ids[1]}&confirmed={labels[0]}&confirmed={labels[1]}"
    assert [len(service.store.labels(service.record(each).id)) for each in ids] == [1, 0, 1, 0]
    assert service.store.labels(service.record(ids[0]).id)[0].number == "7"
    assert [str(each) for each in service.store.unreviewed().ids] == [other, ids[1]]
    nothing = post("grid", browser=True, digit="7", reviewer="another")
    assert "No reading of 7 is free for review." in client.get(nothing).text.replace("\n", " ")


def test_where_no_digit_waits_the_grid_says_so(client: FlaskClient, wait: Wait) -> None:
    words = "No reading of a single digit waits for a person."
    wait("12")
    assert words in client.get("/review/grid").text
    wait("7")
    assert words not in client.get("/review/grid").text


def test_how_far_the_grid_looked_is_said(client: FlaskClient) -> None:
    page = client.get("/review/grid", query_string={"digit": "3", "older": "01983d2e-8d4b-7000-8000-000000000000"}).text
    assert "No reading of 3 that is free was found so far." in page
    assert "24 July 2025" in page


@pytest.mark.parametrize(
    ("path", "fields", "words"),
    [
        ("next", {"count": "0"}, "`count` is a number from 1 to 40"),
        ("next", {"count": "41"}, "`count` is a number from 1 to 40"),
        ("next", {"count": "٣"}, "`count`"),
        ("next", {"keep": "seven"}, "`keep` is the id of a record"),
        ("next", {"keep": [str(new_id()) for _ in range(41)]}, "`keep` may be repeated at most 40 times"),
        ("next", {"digit": "77"}, "`digit` must be one of 0 to 9"),
        ("next", {"reviewer": "x" * 65}, "`reviewer` has at most 64"),
        ("answer", {"record": str(new_id())}, "`number` is missing"),
        ("next", {"order": "oldest"}, "`order` must be one of teaching, newest, unsure"),
        ("undo", {"label": "seven"}, "`label` is the id of a record"),
        ("grid", {"record": str(new_id())}, "`digit` must be one of 0 to 9"),
    ],
)
def test_what_cannot_be_understood_is_said(client: FlaskClient, path: str, fields: dict[str, Any], words: str) -> None:
    answer = client.post(f"/review/{path}", data=fields, headers={"Accept": JSON})
    assert answer.status_code == 400
    assert words in answer.get_json()["error"]


def test_what_is_not_kept_is_not_there(client: FlaskClient) -> None:
    for path, fields in (("answer", {"number": "7"}), ("skip", {}), ("grid", {"digit": "7"})):
        assert client.post(f"/review/{path}", data={"record": str(new_id()), **fields}).status_code == 404
    assert client.get(f"/review?record={new_id()}").status_code == 404
    assert client.get("/review/grid?older=seven").status_code == 400
    address = "/review?" + "&".join(f"record={new_id()}" for _ in range(41))
    assert client.get(address).status_code == 400


def test_looking_gives_nothing_out(client: FlaskClient, wait: Wait, post: Callable[..., Any]) -> None:
    [seven] = wait("7")
    for path in ("/review", f"/review?record={seven}&reviewer=somebody", "/review/grid?digit=7"):
        assert client.get(path, headers={"Accept": BROWSER}).status_code == 200
    assert [reading["id"] for reading in post("next", reviewer="me")["readings"]] == [seven]


def test_what_teaches_most_comes_first(
    client: FlaskClient, service: Service, wait: Wait, post: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    mild, blank = wait("12", "")
    [number] = service.record(mild).reading.numbers  # type: ignore[union-attr]
    readings = {}
    for name, confidence, sampled in (("doubtful", 0.3, False), ("sampled", 0.99, True)):
        record = service.record(mild)
        reading = replace(record.reading, numbers=(replace(number, confidence=confidence),))  # type: ignore[type-var]
        record_id = sampled_id() if sampled else plain_id()
        kept = service.store.add(replace(record, id=record_id, reading=reading), picture_of("12"))
        readings[name] = str(kept.id)
    order = [reading["id"] for reading in post("next", count=4)["readings"]]
    assert order == [readings["doubtful"], readings["sampled"], mild, blank]
    page = client.get("/review", headers={"Accept": BROWSER}).text
    assert "20 more labels make the next" in page
    service.label(mild, "12")
    assert "20 more labels make the next" in client.get("/review", headers={"Accept": BROWSER}).text  # of a moment ago
    monkeypatch.setattr(review, "_FRESH", -1.0)
    assert "19 more labels make the next" in client.get("/review", headers={"Accept": BROWSER}).text


def test_a_second_person_is_asked_without_being_told_what_the_first_said(
    service: Service, wait: Wait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "_FRESH", -1.0)
    settings = Settings.from_environment().but(data=str(tmp_path), token="anna=a,ben=b,carla=c")
    client = create_app(settings, service).test_client()
    while is_for_two(UUID(one := wait("12")[0])):  # one of fifty ids is
        service.erase(one)
    record = service.record(one)
    both = str(service.store.add(replace(record, id=UUID(int=record.id.int & ~(0xFFF << 12))), picture_of("12")).id)

    def ask(who: str, path: str = "next", accept: str = JSON, **fields: str) -> TestResponse:
        headers = {"Accept": accept, "Authorization": f"Bearer {who[0]}"}
        return client.post(f"/review/{path}", data={"reviewer": who} | fields, headers=headers)

    def is_asked(who: str) -> bool:
        return both in {reading["id"] for reading in ask(who).get_json()["readings"]}

    for each in (one, both):
        ask("anna", "answer", record=each, number="13")
    assert not is_asked("anna")
    page = ask("ben", accept=BROWSER).headers["Location"]
    assert f"record={both}" in page
    shown = client.get(page, headers={"Accept": BROWSER, "Authorization": "Bearer b"}).text
    assert "Second opinion" in shown
    assert 'value="12"' in shown
    assert "13" not in re.sub("[0-9a-f]{4,}", "", shown)
    ask("ben", "skip", record=both)
    assert [is_asked("ben"), is_asked("carla")] == [False, True]
    ask("carla", "answer", record=both, number="12")
    assert not is_asked("ben")
    counted = client.get("/stats", headers={"Accept": JSON, "Authorization": "Bearer a"}).get_json()
    assert counted["agreement"] == {"twice": 1, "same": 0}
    assert counted["reviewers"] == [{"by": "anna", "labels": 2}, {"by": "carla", "labels": 1}]
