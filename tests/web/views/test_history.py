"""The history: searching it, going on where a page ends, taking it away as a file; thumbnails."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from web_examples import BROWSER, DESKTOP, JSON, PHONE, Running, Upload, page_of, picture_of

from mnist_predict.errors import StoreUnavailable
from mnist_predict.service import Service
from mnist_predict.store.ids import first_id, new_id
from mnist_predict.store.record import Record
from mnist_predict.store.search import Counted
from mnist_predict.store.tools import export
from mnist_predict.vision.load import picture as picture_module
from mnist_predict.web.views.records import PAGE

Open = Callable[..., Page]


def numbers(client: FlaskClient, query: str) -> list[str]:
    """The numbers that a search finds, newest first."""
    return [each["number"] for each in client.get(f"/records?{query}", headers={"Accept": JSON}).get_json()["records"]]


@pytest.fixture
def kept(service: Service, upload: Upload) -> dict[str, str]:
    """Some records; the ids of the uploads by what they show."""
    ids = {}
    for number, name in (("7", "7.png"), ("40", "form.png"), ("", "blank.png")):
        ids[number] = upload(picture_of(number), name, JSON).get_json()["id"]
    service.label(ids["7"], "1")
    service.label(ids["40"], "40")
    service.record_by_hand("paper", "7")
    return ids


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["7", "40", "1", "", "40", "7"]),
        ("number=7", ["7", "7"]),
        ("number=+4+0", ["40", "40"]),
        ("number=none", [""]),
        ("image_name=form.png", ["40", "40"]),
        ("number=40&labelled=confirmed", ["40"]),
        ("labelled=corrected", ["7"]),
        ("labelled=no", [""]),
        ("confidence=0.5..1", ["40", "7"]),
        ("confidence=0..0.1", [""]),
        ("model_version=another", []),
        ("since=2020-01-01&until=2020-01-31", []),
        ("name=FORM", ["40", "40"]),
        ("name=.png&labelled=corrected", ["7"]),
        ("name=.jpg", []),
        ("since=2020-01-01&zone=Asia/Kolkata&image_name=paper", ["7"]),
        ("since=2020-01-01T00:00:00%2B02:00&image_name=paper", ["7"]),
        ("until=1960-01-01", []),
    ],
)
def test_records_are_searched(client: FlaskClient, kept: dict[str, str], query: str, found: list[str]) -> None:
    assert numbers(client, query) == found


def test_a_day_is_that_of_the_visitor(client: FlaskClient, service: Service) -> None:
    for hour in (17, 18, 19):
        at = datetime(2026, 3, 1, hour, 45, tzinfo=UTC)
        service.store.add(Record(first_id(at), f"{hour}.png", str(hour), "hand"))
    assert numbers(client, "since=2026-03-01&until=2026-03-01&zone=Asia/Kolkata") == ["17"]  # 18:30 UTC is midnight
    assert numbers(client, "since=2026-03-02&zone=Asia/Kolkata") == ["19", "18"]
    assert numbers(client, "since=2026-03-01&until=2026-03-01") == ["19", "18", "17"]
    assert numbers(client, "since=2026-03-01T18:00:00Z&until=2026-03-01T19:45:00Z") == ["18"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("number=seven", "digits 0 to 9"),
        ("since=yesterday", "Write a day as"),
        ("until=2026-02-30", "Write a day as"),
        ("until=9999-12-31", "Write a day as"),
        ("since=2026-03-01&zone=Nowhere/Atall", "Unknown time zone"),
        ("since=2026-03-01&zone=../../etc/passwd", "Unknown time zone"),
        ("since=2026-03-02&until=2026-03-01", "Nothing lies between 2026-03-02 and 2026-03-01"),
        ("confidence=0.9", "Write a range of confidence"),
        ("confidence=0.9..0.1", "Write a range of confidence"),
        ("confidence=nan..1", "Write a range of confidence"),
        ("labelled=maybe", "one of no, confirmed, corrected, others"),
    ],
)
def test_what_cannot_be_searched_for_is_told_beside_what_was_typed(client: FlaskClient, query: str, words: str) -> None:
    answer = client.get(f"/records?{query}", headers={"Accept": JSON})
    assert answer.status_code == 400
    assert words in answer.get_json()["error"]
    page = client.get(f"/records?{query}", headers={"Accept": BROWSER})
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert "No records yet" not in page.text
    assert client.get(f"/records.csv?{query}").status_code == 400


def test_the_address_carries_the_search_from_page_to_page(client: FlaskClient, service: Service) -> None:
    kept = [str(service.record_by_hand(f"{n}.png", str(n % 2)).id) for n in range(2 * (PAGE + 5))]
    address, seen = "/records?number=1", []
    while address:
        page = client.get(address, headers={"Accept": JSON}).get_json()
        assert page["looked_to"] is None
        seen += [each["id"] for each in page["records"]]
        address = page["older"]
    assert seen == kept[::-1][::2]
    first = client.get("/records?number=1").text
    assert "/records?number=1&amp;before=" in first
    assert 'value="1"' in first
    assert "/records.csv?number=1" in first


def test_a_page_says_how_far_it_looked(client: FlaskClient, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_predict.store.sqlite.search.LOOK", 10)
    for n in range(30):
        service.store.add(Record(first_id(datetime(2026, 3, 1, 9, n, tzinfo=UTC)), "same.png", str(n), "hand"))
    page = client.get("/records?image_name=same.png&number=3", headers={"Accept": JSON}).get_json()
    assert (page["records"], page["looked_to"]) == ([], "2026-03-01T09:20:00.000Z")
    text = client.get("/records?image_name=same.png&number=3").text
    assert "Nothing found so far." in text
    assert "Search further back" in text
    page = client.get(page["older"], headers={"Accept": JSON}).get_json()
    page = client.get(page["older"], headers={"Accept": JSON}).get_json()
    assert [each["number"] for each in page["records"]] == ["3"]


def shown(client: FlaskClient, query: str) -> list[str]:
    """The rows of the page of a search: what stands in the column of the number."""
    text = client.get(f"/records?{query}").text
    cells = re.findall(r'<td class="n">(.*?)</td>', text, re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in cells]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("", ["7", "none", "40", "1 read as 7"]),
        ("number=7", ["7", "1 read as 7"]),
        ("number=1", ["1 read as 7"]),
        ("number=40", ["40"]),
        ("labelled=corrected", ["1 read as 7"]),
        ("sort=number", ["none", "1 read as 7", "7", "40"]),
        ("sort=-number", ["40", "7", "1 read as 7", "none"]),
        ("sort=time", ["1 read as 7", "40", "none", "7"]),
        ("sort=time&skip=3", ["7"]),
        ("sort=-name&rows=2", ["7", "40"]),
    ],
)
def test_a_label_is_in_the_row_of_what_it_labels(
    client: FlaskClient, kept: dict[str, str], query: str, rows: list[str]
) -> None:
    assert shown(client, query) == rows


def test_a_number_that_somebody_took_back_is_not_found_any_more(
    client: FlaskClient, service: Service, kept: dict[str, str]
) -> None:
    service.label(kept["7"], "9")
    assert shown(client, "number=1") == []
    assert shown(client, "number=9") == ["9 read as 7"]


def test_a_page_is_found_by_what_people_say_of_any_of_its_numbers(
    client: FlaskClient, service: Service, upload: Upload
) -> None:
    record_id = upload(page_of("4072", "528", "96"), "sheet.png", JSON).get_json()["id"]
    upload(picture_of("7"))
    for number, at in (("521", 1), ("523", 1), ("95", 2)):
        label = service.label(record_id, number, of_number=at)
    found = ["4072 another number: 523"]
    assert shown(client, "number=523") == found
    assert shown(client, "number=521") == []  # corrected again since
    assert shown(client, "labelled=others") == ["4072 another number: 95"]
    assert shown(client, "labelled=others&sort=number") == ["4072 another number: 95"]
    assert shown(client, "number=4072") == ["4072"]
    service.withdraw(str(label.id))
    assert shown(client, "number=95") == []
    assert shown(client, "labelled=others") == found


def test_numbers_are_sorted_by_their_value(client: FlaskClient, service: Service) -> None:
    for number in ("365", "-50", "3.65", "12"):
        service.record_by_hand("notes.png", number)
    assert shown(client, "sort=number") == ["-50", "3.65", "12", "365"]


def test_the_history_says_how_many_records_there_are(client: FlaskClient, service: Service) -> None:
    service.record_by_hand("1.png", "1")
    assert "<b>1</b> record<" in client.get("/records").text
    for n in range(2 * PAGE):
        service.label(str(service.record_by_hand(f"{n}.png", str(n % 3)).id), "5")
    assert f"<b>{2 * PAGE + 1}</b> records<" in client.get("/records").text
    assert f"<b>{2 * PAGE}</b> records<" in client.get("/records?number=5").text
    older = re.search(r'href="(/records\?before=[^"]+)"', client.get("/records").text)
    assert older
    assert client.get(older[1]).text.count("<tr>") == 1 + PAGE


def test_a_flood_of_labels_of_one_record_is_looked_through_once_for_a_page(
    client: FlaskClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = service.record_by_hand("a.png", "1")
    labels = [Record(new_id(), "a.png", "5", "hand", label_of=record.id) for _ in range(300)]
    service.store.add_all(labels, {})
    asked: list[UUID] = []
    look = service.store.label_history

    def count_looks(record_id: UUID) -> list[Record]:
        asked.append(record_id)
        return look(record_id)

    monkeypatch.setattr(service.store, "label_history", count_looks)
    assert client.get("/records?number=5").text.count("<tr>") == 2
    assert 0 < len(asked) <= 10


def test_what_is_not_counted_or_sorted_is_said(
    client: FlaskClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(7):
        service.record_by_hand(f"{n}.png", str(n))
    monkeypatch.setattr("mnist_predict.web.presenters.rows.LOOK", 5)
    page = client.get("/records?sort=number").text
    assert "<b>7</b> records" in page
    assert "Only the newest 5 are sorted." in page
    assert "are sorted" not in client.get("/records").text
    monkeypatch.setattr(service.store, "count_found", lambda _: Counted(2, True))  # as Cassandra counts
    assert "More than <b>5</b> records" in client.get("/records?sort=number").text
    assert "More than <b>2</b> records" in client.get("/records?rows=1").text


def test_an_unknown_order_is_refused(client: FlaskClient) -> None:
    answer = client.get("/records?sort=colour", headers={"Accept": BROWSER})
    assert answer.status_code == 400
    assert "<code>sort</code> must be one of number, -number" in answer.text


def test_labels_have_no_confidence_and_stand_beside_what_they_label(
    client: FlaskClient, kept: dict[str, str], service: Service
) -> None:
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(client.get("/records.csv").text))}
    [label] = service.store.labels(UUID(kept["7"]))
    seven, paper = rows[kept["7"]], next(row for row in rows.values() if row["image_name"] == "paper")
    assert (seven["number"], seven["label"], seven["labelled_by"]) == ("7", "1", "")
    assert seven["labelled_at"] == label.to_dict()["record_time"]
    assert float(seven["confidence"]) > 0
    assert (rows[str(label.id)]["confidence"], rows[str(label.id)]["label"]) == ("", "")
    assert (paper["confidence"], paper["labelled_at"]) == ("", "")
    listed = {each["id"]: each for each in client.get("/records", headers={"Accept": JSON}).get_json()["records"]}
    assert (listed[kept["7"]]["label"], listed[kept[""]]["label"]) == ("1", None)


def test_nothing_found_is_said_in_words(client: FlaskClient, kept: dict[str, str]) -> None:
    assert "No records match." in client.get("/records?number=123").text
    oldest = kept["7"]
    assert "No older records match." in client.get(f"/records?number=7&before={oldest}").text


def test_a_search_is_taken_away_as_csv_and_as_json_lines(
    client: FlaskClient, kept: dict[str, str], service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    answer = client.get("/records.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=records.csv"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["id"] for row in rows] == [str(record.id) for record in service.store.page()]
    lines = client.get("/records.jsonl?labelled=corrected").text.splitlines()
    [label] = service.store.labels(UUID(kept["7"]))
    said = {"label": "1", "labelled_by": None, "labelled_at": label.to_dict()["record_time"]}
    assert [json.loads(line) for line in lines] == [service.record(kept["7"]).to_dict() | said]
    assert client.get("/records.csv?number=999").text.count("\r\n") == 1


def test_a_store_that_is_away_says_so_before_a_file_begins_and_at_the_end_of_one_that_has(
    client: FlaskClient, kept: dict[str, str], service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    search, calls = service.store.search, []

    def goes_away(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) > 1:
            raise StoreUnavailable("The store is away.")
        return search(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(service.store, "search", goes_away)
    for path in ("/records.jsonl", "/records.csv"):
        calls.clear()
        lines = client.get(path).text.splitlines()
        assert len(lines) == 3 + path.endswith("csv")
        assert "Incomplete: the rest of the records is missing. The store is away." in lines[-1]
        assert client.get(path).status_code == 503


def test_a_thumbnail_is_made_once(
    app: Flask,
    client: FlaskClient,
    service: Service,
    kept: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    made = []
    monkeypatch.setattr(
        "mnist_predict.web.views.records.preview", lambda *a: made.append(a) or picture_module.preview(*a)
    )
    first, again = (client.get(f"/records/{kept['7']}/preview/small") for _ in range(2))
    assert first.data == again.data
    assert len(made) == 1
    assert service.thumbnails.path.parent == tmp_path
    service.thumbnails.drop([UUID(kept["7"])])
    assert client.get(f"/records/{kept['7']}/preview/small").data == first.data
    assert len(made) == 2


@pytest.fixture(scope="module")
def many(site: Running) -> str:
    """The name under which more numbers are kept than fit on two pages."""
    lines = "\n".join(f"history.png,{n}" for n in range(2 * PAGE + 5))
    requests.post(f"{site.url}/uploads/record", data={"lines": lines}, timeout=60).raise_for_status()
    sent = {"file": ("history.png", picture_of("4072"))}
    requests.post(f"{site.url}/uploads", files=sent, timeout=30).raise_for_status()
    return "history.png"


@pytest.mark.parametrize("script", [True, False])
def test_older_records_follow_by_a_press(open_page: Open, many: str, script: bool) -> None:
    page = open_page(f"/records?image_name={many}", java_script_enabled=script, viewport=DESKTOP)
    rows = page.locator(".records tbody tr")
    expect(rows).to_have_count(PAGE)
    page.get_by_role("link", name="Older records").click()
    expect(rows).to_have_count(2 * PAGE if script else PAGE)
    page.get_by_role("link", name="Older records").click()
    expect(rows).to_have_count(2 * PAGE + 6 if script else 6)
    expect(page.get_by_role("link", name="Older records")).to_have_count(0)
    shown = rows.locator("td.n a").all_inner_texts()
    assert shown[-1] == "0"
    assert len(set(shown)) == len(shown)


def test_who_comes_back_finds_as_many_records_and_the_end_of_the_page_can_be_reached(
    open_page: Open, many: str
) -> None:
    page = open_page(f"/records?image_name={many}", viewport=PHONE, has_touch=True)
    rows = page.locator(".records tbody tr")
    page.get_by_role("link", name="Older records").click()
    expect(rows).to_have_count(2 * PAGE)
    page.mouse.wheel(0, 100_000)
    expect(page.get_by_role("contentinfo")).to_be_in_viewport()
    expect(rows).to_have_count(2 * PAGE)
    at = rows.nth(PAGE + 20).locator("td.n a")
    number = at.inner_text()
    at.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(number)
    page.go_back()
    expect(rows).to_have_count(2 * PAGE)
    expect(page.get_by_role("link", name=number, exact=True)).to_be_in_viewport()


def test_with_the_keyboard_one_searches_and_goes_on(open_page: Open, many: str) -> None:
    page = open_page("/records", timezone_id="Asia/Kolkata")
    page.get_by_label("Image name").fill(many[1:])
    page.get_by_label("From day").fill("2020-01-01")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/records?name={many[1:]}&since=2020-01-01&zone=Asia%2F*")
    page.get_by_role("link", name="Older records").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".records tbody tr")).to_have_count(2 * PAGE)
    expect(page.locator(".records tbody tr").nth(PAGE).locator("td.n a")).to_be_focused()
    expect(page.locator("#note")).to_have_text(f"{PAGE} more records")


def test_a_service_that_does_not_answer_is_no_end(open_page: Open, many: str) -> None:
    page = open_page(f"/records?image_name={many}", refused=True)
    page.route("**/records?*before=*", lambda route: route.abort())
    page.get_by_role("link", name="Older records").click()
    expect(page.locator("#note")).to_have_text("The service does not answer. Try again.")
    page.unroute("**/records?*before=*")
    page.get_by_role("link", name="Older records").click()
    expect(page.locator(".records tbody tr")).to_have_count(2 * PAGE)


@pytest.mark.parametrize("path", ["/records", "/records.csv", "/records.jsonl"])
def test_an_unknown_filter_is_refused_with_the_one_that_was_meant(client: FlaskClient, path: str) -> None:
    answer = client.get(f"{path}?sinc=2026-03-01", headers={"Accept": JSON})
    assert (answer.status_code, answer.get_json()["error"]) == (
        400,
        "There is no filter `sinc`. Did you mean `since`?",
    )
    answer = client.get(f"{path}?colour=red", headers={"Accept": JSON})
    assert answer.status_code == 400
    assert "The filters are number, image_name, name, since" in answer.get_json()["error"]
    assert client.get(f"{path}?since=2026-03-01&labelled=").status_code == 200


def test_a_file_for_excel_begins_with_a_byte_order_mark(client: FlaskClient) -> None:
    assert client.get("/records.csv?bom=yes").data.startswith(b"\xef\xbb\xbfid,")
    assert client.get("/records.csv").data.startswith(b"id,")
