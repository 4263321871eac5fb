"""Numbers recorded by hand, and labels."""

import io

import pytest
from flask.testing import FlaskClient
from web_examples import BROWSER, JSON, Upload, picture_of

from mnist_predict.service import Service


def test_the_page_takes_an_image_name(client: FlaskClient) -> None:
    page = client.get("/uploads/record", query_string={"image_name": '"><script>'})
    assert page.status_code == 200
    assert 'value="&#34;&gt;&lt;script&gt;"' in page.text


def test_a_number_is_recorded_without_a_picture(client: FlaskClient) -> None:
    answer = client.post("/uploads/record", data={"image_name": "notebook.png", "number": " 40 72 "})
    lines = answer.text.splitlines()
    assert lines[0] == "recorded: 4072"
    see = lines[2].removeprefix("see: ")
    form = client.get(see, headers={"Accept": JSON}).get_json()
    assert (form["source"], form["number"], form["sha256"]) == ("hand", "4072", None)
    page = client.get(see, headers={"Accept": BROWSER}).text
    assert "Recorded by hand" in page
    assert "No picture is kept with this record." in page


def test_a_number_is_recorded_with_its_picture(client: FlaskClient) -> None:
    data = {"number": "12", "file": (io.BytesIO(picture_of("12")), "12.png")}
    form = client.post("/uploads/record", data=data, headers={"Accept": JSON}).get_json()
    assert (form["image_name"], form["label_of"], form["stored"]) == ("12.png", None, "store")
    assert client.get("/uploads/12.png").data == picture_of("12")


def test_the_number_of_a_kept_picture_is_its_label(client: FlaskClient, upload: Upload) -> None:
    read = upload(picture_of("7"), accept=JSON).get_json()
    data = {"image_name": "7.png", "number": "1"}
    form = client.post("/uploads/record", data=data, headers={"Accept": JSON}).get_json()
    assert form["label_of"] == read["id"]


def test_a_page_corrects_its_own_record_and_shows_the_label(client: FlaskClient, upload: Upload) -> None:
    older = upload(picture_of("7"), accept=JSON).get_json()
    newer = upload(picture_of("1"), accept=JSON).get_json()  # under the same name
    address = f"/records/{older['id']}"
    browser = {"Accept": BROWSER}
    answer = client.post("/uploads/record", data={"record": older["id"], "number": "9"}, headers=browser)
    assert answer.status_code == 303
    assert answer.headers["Location"] == address
    page = client.get(address, headers=browser).text
    assert "Corrected by hand" in page
    assert f'The model read <b class="mono">{older["number"]}</b>' in page
    client.post("/uploads/record", data={"record": older["id"], "number": older["number"]})
    assert "Confirmed by hand" in client.get(address, headers=browser).text
    labels = client.get(address, headers={"Accept": JSON}).get_json()["labels"]
    assert [label["number"] for label in labels] == [older["number"], "9"]
    assert client.get(f"/records/{newer['id']}", headers={"Accept": JSON}).get_json()["labels"] == []
    shown = client.get(f"/records/{labels[0]['id']}", headers=browser).text
    assert f'href="{address}"' in shown


def test_a_blank_page_can_be_labelled(client: FlaskClient, upload: Upload) -> None:
    blank = upload(picture_of(""), accept=JSON).get_json()
    client.post("/uploads/record", data={"record": blank["id"], "number": "3"})
    page = client.get(f"/records/{blank['id']}", headers={"Accept": BROWSER}).text
    assert "The model read no number." in page


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"number": "7"}, 400),
        ({"image_name": "7.png"}, 400),
        ({"image_name": "7.png", "number": "seven"}, 400),
        ({"image_name": "7.png", "number": "7-"}, 400),
        ({"image_name": "7.png", "number": "\N{ARABIC-INDIC DIGIT SEVEN}"}, 400),
        ({"record": "nonsense", "number": "7"}, 404),
        ({"image_name": "7.txt", "number": "7", "file": (io.BytesIO(b"seven"), "7.txt")}, 415),
    ],
)
def test_a_bad_hand_record_is_refused(client: FlaskClient, form, status: int) -> None:  # type: ignore[no-untyped-def]
    assert client.post("/uploads/record", data=form).status_code == status
    assert client.get("/records", headers={"Accept": JSON}).get_json()["records"] == []


def test_many_lines_are_recorded_at_once(client: FlaskClient, upload: Upload) -> None:
    read = upload(picture_of("7"), accept=JSON).get_json()
    lines = 'image_name,label\n7.png,1\n"a, b.png",40 72\n\nother.png,007\n'
    kept = client.post("/uploads/record", data={"lines": lines}, headers={"Accept": JSON}).get_json()
    assert [(each["image_name"], each["number"]) for each in kept] == [
        ("7.png", "1"),
        ("a, b.png", "4072"),
        ("other.png", "007"),
    ]
    assert kept[0]["label_of"] == read["id"]
    assert client.post("/uploads/record", data={"lines": "8.png\t8"}).text == "8.png\t8\n"
    answer = client.post("/uploads/record", data={"lines": "9.png;9"}, headers={"Accept": BROWSER})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/records")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "no lines"),
        ("name,number\n", "only a header"),
        ("7.png,7\n8.png,eight\n9.png\n", "line 2 (8.png,eight), line 3 (9.png)"),
        ("7.png,7a\n", "line 1"),
        (",7\n", "line 1"),
        ("1.png,1,1\n", "line 1"),
        ("1.png,\N{ARABIC-INDIC DIGIT SEVEN}\n", "line 1"),
        ("n,7\n" * 1001, "at most 1000"),
        ("x,y\n" * 9, "and 3 more"),
    ],
)
def test_lines_of_which_one_is_wrong_record_nothing(client: FlaskClient, lines: str, words: str) -> None:
    answer = client.post("/uploads/record", data={"lines": lines})
    assert answer.status_code == 400
    assert words in answer.text
    page = client.post("/uploads/record", data={"lines": lines}, headers={"Accept": BROWSER})
    assert page.status_code == 400
    assert words in page.text
    assert client.get("/records", headers={"Accept": JSON}).get_json()["records"] == []


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"number": "4072"}, 400, "There is no image name."),
        ({"number": "4072", "image_name": "a.png", "file": b"seven"}, 415, "This is not a picture."),
        ({"number": "40x", "image_name": "a.png"}, 400, "digits 0 to 9"),
    ],
)
def test_a_mistake_is_told_beside_what_was_filled_in(
    client: FlaskClient, fields: dict[str, str | bytes], status: int, words: str
) -> None:
    form = {name: (io.BytesIO(text), "a.png") if isinstance(text, bytes) else text for name, text in fields.items()}
    answer = client.post("/uploads/record", data=form, headers={"Accept": BROWSER})
    assert answer.status_code == status
    assert words in answer.text
    assert f'value="{fields["number"]}"' in answer.text
    assert f'value="{fields.get("image_name", "")}"' in answer.text
    assert 'role="alert" tabindex="-1" autofocus' in answer.text


def test_a_byte_order_mark_is_no_part_of_a_name(client: FlaskClient, service: Service) -> None:
    client.post("/uploads/record", data={"lines": "\ufeff7.png,7\r\n8.png,8\r\n"})
    assert {record.image_name for record in service.store.page()} == {"7.png", "8.png"}


def test_a_number_recorded_by_hand_is_corrected(client: FlaskClient, service: Service) -> None:
    record = service.record_by_hand("paper.png", "17")
    page = client.get(f"/records/{record.id}", headers={"Accept": BROWSER}).text
    assert "Wrong? Type the number" in page
    assert "This is right" not in page
    client.post("/uploads/record", data={"record": str(record.id), "number": "11"})
    page = client.get(f"/records/{record.id}", headers={"Accept": BROWSER}).text
    assert '<h1 class="number">11</h1>' in page
    assert 'Recorded by hand as <b class="mono">17</b>.' in page
    assert client.get("/stats", headers={"Accept": JSON}).status_code == 200
