"""Numbers as they are written: people see and type 3.65 everywhere, programs also get the digits alone."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from web_examples import BROWSER, JSON, Running, Upload, kept, picture_of

from mnist_predict.reading import Reading
from mnist_predict.service import Service

Open = Callable[..., Page]


@pytest.fixture
def reads(service: Service, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have the digits of every picture be read as so written."""
    read = service.read

    def have(written: str, confidence: float = 0.9) -> None:
        def as_told(data: bytes, expected: object = None) -> Reading:
            reading = read(data)
            number = replace(reading.numbers[0], written=written, confidence=confidence)
            return replace(reading, numbers=(number,))

        monkeypatch.setattr(service, "read", as_told)

    return have


def test_an_upload_tells_what_is_written_and_its_digits(
    client: FlaskClient, upload: Upload, reads: Callable[..., None]
) -> None:
    reads("3.65")
    assert upload(picture_of("365")).text.startswith("recognised result: 3.65\n")
    told = upload(picture_of("365"), accept=JSON).get_json()
    assert (told["number"], told["written"]) == ("365", "3.65")
    assert (told["numbers"][0]["text"], told["numbers"][0]["written"]) == ("365", "3.65")
    page = client.get(f"/records/{told['id']}", headers={"Accept": BROWSER}).text
    assert '<h1 class="number">3.65</h1>' in page
    assert 'name="number" value="3.65"' in page  # what "This is right" says
    assert '<p class="number">3.65</p>' in upload(picture_of("365"), accept=BROWSER, path="/read").text
    two = [("file", (io.BytesIO(picture_of("365")), f"{n}.png")) for n in range(2)]
    for accept, words in (("*/*", "0.png\t3.65\n1.png\t3.65\n"), (BROWSER, ">3.65</a>")):
        files = {"file": [(io.BytesIO(picture_of("365")), name) for _, (_, name) in two]}
        sent = client.post("/uploads", data=files, headers={"Accept": accept}, follow_redirects=True)
        assert words in sent.text


def test_a_correction_is_kept_as_it_is_typed(client: FlaskClient, upload: Upload) -> None:
    read = upload(picture_of("365"), accept=JSON).get_json()
    address = f"/records/{read['id']}"
    assert client.post("/uploads/record", data={"record": read["id"], "number": "3.65"}).text.startswith(
        "recorded: 3.65\n"
    )
    page = client.get(address, headers={"Accept": BROWSER}).text
    assert '<h1 class="number">3.65</h1>' in page
    assert "Corrected by hand" in page
    [label] = client.get(address, headers={"Accept": JSON}).get_json()["labels"]
    assert (label["number"], label["written"]) == ("365", "3.65")
    client.post("/uploads/record", data={"record": read["id"], "number": read["number"]})
    assert "Confirmed by hand" in client.get(address, headers={"Accept": BROWSER}).text


def test_right_digits_with_another_mark_are_no_confirmation(
    client: FlaskClient, upload: Upload, reads: Callable[..., None]
) -> None:
    reads("3.65")
    read = upload(picture_of("365"), accept=JSON).get_json()
    for number, words in (("365", "Corrected by hand"), ("3.65", "Confirmed by hand")):
        client.post("/uploads/record", data={"record": read["id"], "number": number})
        assert words in client.get(f"/records/{read['id']}", headers={"Accept": BROWSER}).text
    labels = client.get("/stats", headers={"Accept": JSON}).get_json()["labels"]
    assert (labels["readings"], labels["right"], labels["marks"]) == (1, 1, 0)


def test_a_list_takes_numbers_as_they_are_written(client: FlaskClient) -> None:
    lines = "name;number\na.png;3,65\nb.png;-12\nc.png;1 250,00\n"
    told = client.post("/uploads/record", data={"lines": lines}).text
    assert told == "a.png\t3,65\nb.png\t-12\nc.png\t1250,00\n"
    refused = client.post("/uploads/record", data={"lines": 'a.png,7\nb.png,"7,"\n'})
    assert refused.status_code == 400
    assert "line 2" in refused.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("number=365", ["36.5", "365", "3.65"]),
        ("number=3.65", ["3.65"]),
        ("number=-12", ["-12"]),
        ("number=12", ["-12"]),
        ("number=3,65", []),
    ],
)
def test_a_search_finds_what_is_written_so_or_all_with_these_digits(
    client: FlaskClient, service: Service, query: str, found: list[str]
) -> None:
    for number in ("3.65", "365", "36.5", "-12", "7"):
        service.record_by_hand(f"{number}.png", number)
    records = client.get(f"/records?{query}", headers={"Accept": JSON}).get_json()["records"]
    assert [record["written"] for record in records] == found
    page = client.get(f"/records?{query}", headers={"Accept": BROWSER}).text
    assert [f">{number}</a>" in page for number in found] == [True] * len(found)
    rows = list(csv.DictReader(io.StringIO(client.get(f"/records.csv?{query}").text)))
    assert [row["written"] for row in rows] == found
    assert all(row["number"] == "".join(filter(str.isdecimal, row["written"])) for row in rows)
    lines = client.get(f"/records.jsonl?{query}").text.splitlines()
    assert [json.loads(line)["written"] for line in lines] == found


def test_a_review_is_filled_with_what_was_read_and_takes_what_is_typed(
    client: FlaskClient, upload: Upload, reads: Callable[..., None]
) -> None:
    reads("3.65", confidence=0.5)
    read = upload(picture_of("365"), accept=JSON).get_json()
    page = client.get(f"/review?record={read['id']}", headers={"Accept": BROWSER}).text
    assert re.search(rf'<input id="number-{read["id"]}" [^>]*value="3\.65"', page)
    label = client.post(
        "/review/answer", data={"record": read["id"], "number": "-3.65"}, headers={"Accept": JSON}
    ).get_json()
    assert (label["number"], label["written"]) == ("365", "-3.65")
    said = client.get(f"/review?record={read['id']}", headers={"Accept": JSON}).get_json()["readings"][0]["said"]
    assert said == "-3.65"


def test_a_reading_with_a_mark_is_not_confirmed_as_a_digit(
    client: FlaskClient, upload: Upload, reads: Callable[..., None]
) -> None:
    reads("-7", confidence=0.5)
    upload(picture_of("7"))
    given = client.post("/review/next", data={"digit": "7", "count": 40}, headers={"Accept": JSON}).get_json()
    assert given["readings"] == []


def test_a_point_is_typed_on_the_page_of_a_record(open_page: Open, site: Running) -> None:
    page = open_page(kept(site, "365"))
    number = page.locator("#number")
    number.fill("3..65")
    assert not number.evaluate("input => input.checkValidity()")
    number.fill("3.65")
    page.get_by_role("button", name="Correct it").click()
    expect(page.locator("#answer .number")).to_have_text("3.65")
    expect(page.locator("#labels")).to_contain_text("3.65")
