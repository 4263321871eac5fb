"""The contract of `/uploads` and `/read`."""

import io
from hashlib import sha256
from urllib.parse import quote
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from PIL import Image
from web_examples import BROWSER, JSON, Upload, form_with, picture_of
from werkzeug.test import TestResponse

from mnist_predict.service import Service

AWKWARD_NAMES = [
    "7.png",
    "../../etc/passwd",
    "/etc/passwd",
    "a//b.png",
    "..",
    "nul\0in it.png",
    "n" * 300,
    "\N{GRINNING FACE}.png",
    "<script>alert(1)</script>.png",
    "a b?c#d%41&e=.png",
    "index.html",
    "trailing/",
]


def test_the_address_alone_leads_to_the_upload_page(client: FlaskClient) -> None:
    assert client.get("/").headers["Location"] == "/uploads"
    page = client.get("/uploads")
    assert page.status_code == 200
    assert page.mimetype == "text/html"


def test_curl_gets_text_whose_first_line_is_the_number(client: FlaskClient, upload: Upload) -> None:
    answer = upload(picture_of("7"))
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    lines = answer.text.splitlines()
    assert lines[0] == "recognised result: 7"
    facts = dict(line.split(": ", 1) for line in lines)
    assert "%" in facts["confidence"]
    assert UUID(facts["record"])
    assert facts["see"] == f"http://localhost/records/{facts['record']}"
    assert client.get(facts["see"], headers={"Accept": BROWSER}).status_code == 200


def test_json_is_the_whole_reading_with_where_it_is_kept(client: FlaskClient, upload: Upload) -> None:
    data = picture_of("4072")
    answer = upload(data, "form.png", "application/json")
    assert answer.mimetype == "application/json"
    form = answer.get_json()
    assert form["number"] == "4072"
    assert form["numbers"][form["primary"]]["text"] == "4072"
    assert [len(digit["probabilities"]) for digit in form["numbers"][0]["digits"]] == [10] * 4
    assert form["stored"] == "store"
    assert form["image_name"] == "form.png"
    assert form["sha256"] == sha256(data).hexdigest()
    assert form["record_time"].endswith("Z")
    assert client.get(f"/records/{form['id']}", headers={"Accept": "application/json"}).get_json() == {
        **{name: value for name, value in form.items() if name != "stored"},
        "labels": [],
        "label_history": [],
    }


def test_a_browser_is_sent_on_so_that_reloading_uploads_nothing(client: FlaskClient, upload: Upload) -> None:
    answer = upload(picture_of("7"), accept=BROWSER)
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"], headers={"Accept": BROWSER})
    assert page.status_code == 200
    assert '<h1 class="number">7</h1>' in page.text
    assert "of 100 readings like this" in page.text


def test_a_blank_page_has_no_number_and_an_advice(client: FlaskClient, upload: Upload) -> None:
    lines = upload(picture_of("")).text.splitlines()
    assert lines[0] == "recognised result: no number found"
    assert any(line.startswith("advice: ") for line in lines)
    form = upload(picture_of(""), accept="application/json").get_json()
    assert (form["number"], form["confidence"]) == ("", 0.0)
    page = client.get(upload(picture_of(""), accept=BROWSER).headers["Location"], headers={"Accept": BROWSER})
    assert "No number" in page.text
    assert form["advice"][0] in page.text


def test_reading_alone_answers_the_same_without_id_and_keeps_nothing(
    client: FlaskClient, upload: Upload, service: Service
) -> None:
    kept = upload(picture_of("7"), accept="application/json").get_json()
    read = upload(picture_of("7"), path="/read").get_json()
    assert "id" not in read
    assert read == {name: kept[name] for name in read}
    assert len(service.store.page()) == 1


def test_a_page_gets_what_is_seen_in_a_drawing_as_a_part_of_itself(upload: Upload) -> None:
    part = upload(picture_of("4072"), accept=BROWSER, path="/read").text
    assert '<p class="number">4072</p>' in part
    assert "<html" not in part
    assert "Use a darker pen" in upload(picture_of(""), accept=BROWSER, path="/read").text


def test_several_pictures_are_each_read_and_one_that_is_refused_holds_up_no_other(
    client: FlaskClient, service: Service
) -> None:
    pictures = (picture_of("7"), "7.png"), (b"seven", "7.txt"), (picture_of("12"), "12.png")
    answer = client.post("/uploads", **form_with(*pictures), headers={"Accept": "application/json"})
    assert answer.status_code == 200
    seven, text, twelve = answer.get_json()
    assert (seven["number"], twelve["number"]) == ("7", "12")
    assert (text["image_name"], text["status"]) == ("7.txt", 415)
    assert {record["id"] for record in (seven, twelve)} == {str(record.id) for record in service.store.page()}
    lines = client.post("/uploads", **form_with(*pictures)).text.splitlines()
    assert [line.partition("\t")[0] for line in lines] == ["7.png", "7.txt", "12.png"]
    assert lines[2] == "12.png\t12"
    page = client.post("/uploads", **form_with(*pictures), headers={"Accept": BROWSER}).text
    assert page.count('href="/records/') == 2
    assert "This is not a picture." in page


def test_several_of_which_none_can_be_kept_are_refused_as_one_is(client: FlaskClient) -> None:
    answer = client.post("/uploads", **form_with((b"seven", "7.txt"), (b"", "8.png")))
    assert answer.status_code == 415


def test_several_repeated_under_their_key_are_kept_once(client: FlaskClient, service: Service) -> None:
    pictures = (picture_of("7"), "7.png"), (picture_of("1"), "1.png")
    for _ in range(2):
        client.post("/uploads", **form_with(*pictures), headers={"Idempotency-Key": "tray-1"})
    assert len(service.store.page()) == 2


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_any_name_is_kept_as_data_and_found_again(client: FlaskClient, upload: Upload, name: str) -> None:
    data = picture_of("7")
    form = upload(data, name, "application/json").get_json()
    assert form["image_name"] == name
    answer = client.get(f"/uploads/{quote(name, safe='')}")
    assert answer.status_code == 200
    assert answer.data == data
    assert answer.mimetype == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    for path in (f"/records/{form['id']}", "/records"):
        page = client.get(path, headers={"Accept": BROWSER})
        assert page.status_code == 200
        assert "<script>alert" not in page.text


def test_the_newest_picture_of_a_name_is_the_one_that_is_served(client: FlaskClient, upload: Upload) -> None:
    upload(picture_of("7"))
    upload(picture_of("1"))
    assert client.get("/uploads/7.png").data == picture_of("1")


def test_a_picture_that_the_browser_has_is_not_sent_again(client: FlaskClient, upload: Upload) -> None:
    upload(picture_of("7"))
    etag = client.get("/uploads/7.png").headers["ETag"]
    assert client.get("/uploads/7.png", headers={"If-None-Match": etag}).status_code == 304
    upload(picture_of("1"))
    assert client.get("/uploads/7.png", headers={"If-None-Match": etag}).status_code == 200


def test_the_type_is_that_of_the_bytes_whatever_the_name_says(client: FlaskClient, upload: Upload) -> None:
    file = io.BytesIO()
    Image.new("L", (20, 20), 255).save(file, "JPEG")
    upload(file.getvalue(), "page.html")
    answer = client.get("/uploads/page.html")
    assert answer.mimetype == "image/jpeg"
    assert answer.data == file.getvalue()


def test_a_retry_under_its_key_is_the_same_record(upload: Upload, service: Service) -> None:
    key = {"Idempotency-Key": "scanner-3/0001"}
    first = upload(picture_of("7"), accept="application/json", **key).get_json()
    again = upload(picture_of("7"), accept="application/json", **key).get_json()
    assert again["id"] == first["id"]
    assert len(service.store.page()) == 1
    assert upload(picture_of("1"), **key).status_code == 422
    assert upload(picture_of("7"), **{"Idempotency-Key": "k" * 256}).status_code == 400


def test_threads_of_one_worker_read_in_turn(app, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    import threading
    import time

    service: Service = app.extensions["service"]
    at_once, most = 0, 0

    class Watched:
        def read(self, data: bytes, expected: object, turn):  # type: ignore[no-untyped-def]
            nonlocal at_once, most
            with turn():
                at_once += 1
                most = max(most, at_once)
                time.sleep(0.002)
                at_once -= 1
            return recognizer.read(data)

    recognizer = service.recognizer
    monkeypatch.setattr(service, "recognizer", Watched())
    threads = [threading.Thread(target=service.read, args=(picture_of("7"),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_what_is_expected_can_be_said(client: FlaskClient) -> None:
    def send(path: str, words: str) -> TestResponse:
        form = {"file": (io.BytesIO(picture_of("4072")), "a.png"), "expect": words}
        return client.post(path, data=form, headers={"Accept": "application/json"})

    for path in ("/uploads", "/read"):
        told = send(path, "4012,4013").get_json()
        assert (told["number"], told["free"]) == ("4012", "4072")
        told = send(path, "90 digits").get_json()
        assert (told["number"], told["free"]) == ("", "4072")
        told = send(path, " ").get_json()
        assert (told["number"], told["free"]) == ("4072", None)
        refused = send(path, "four digits")
        assert refused.status_code == 400
        assert "four digits" in refused.get_json()["error"]


def test_a_slash_at_the_end_of_the_address_is_no_mistake(client: FlaskClient) -> None:
    form = {"file": (io.BytesIO(picture_of("7")), "7.png")}
    answer = client.post("/uploads/", data=form, headers={"Accept": JSON}).get_json()
    assert answer["number"] == "7"
    for path in ("/uploads", "/uploads/record", "/records", "/review", "/review/grid", "/stats", "/models", "/api"):
        assert client.get(f"{path}/", headers={"Accept": BROWSER}).status_code == 200, path
    assert client.get(f"/records/{answer['id']}/", headers={"Accept": JSON}).get_json()["number"] == "7"
    assert client.post("/read/", data={"file": (io.BytesIO(picture_of("7")), "7.png")}).get_json()["number"] == "7"


def test_every_number_of_a_page_is_told(client: FlaskClient, upload: Upload) -> None:
    page = Image.new("L", (500, 400), 255)
    for number, top in (("4072", 20), ("31", 220)):
        page.paste(Image.open(io.BytesIO(picture_of(number))).convert("L"), (20, top))
    file = io.BytesIO()
    page.save(file, "PNG")
    answer = upload(file.getvalue(), "page.png")
    lines = answer.text.splitlines()
    assert lines[0] == "recognised result: 4072"
    assert lines[1].startswith("also: 31 (")
    assert lines[2].startswith("confidence: ")
    page_of_record = client.get(lines[-1].removeprefix("see: "), headers={"Accept": BROWSER}).text
    assert '<a href="#numbers">1 other number</a>' in page_of_record
