"""The statistics, as a page and as JSON."""

import io
import re
from collections.abc import Callable

import pytest
import requests
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Page, expect
from web_examples import BROWSER, JSON, PHONE, Running, Upload, picture_of

Open = Callable[..., Page]


def correct(client: FlaskClient, record_id: str, number: str) -> None:
    client.post("/uploads/record", data={"record": record_id, "number": number})


def test_of_an_empty_store_the_page_says_so(client: FlaskClient) -> None:
    page = client.get("/stats", headers={"Accept": BROWSER})
    assert "No readings in these 90 days." in page.text
    assert '<svg class="chart"' not in page.text
    assert client.get("/stats", headers={"Accept": JSON}).get_json()["readings"] == 0


def test_what_was_read_and_said_is_counted(client: FlaskClient, upload: Upload) -> None:
    read = [upload(picture_of(number), accept=JSON).get_json() for number in ("4072", "7", "")]
    correct(client, read[0]["id"], "4075")
    correct(client, read[1]["id"], "7")
    form = client.get("/stats?days=30", headers={"Accept": JSON}).get_json()
    assert (form["readings"], form["no_number"], form["complete"], len(form["days"])) == (3, 1, True, 30)
    assert form["days"][-1] == {"day": form["last"], "readings": 3, "no_number": 1}
    assert (form["labels"]["readings"], form["labels"]["right"]) == (2, 1)
    assert form["labels"]["confusion"][2][5] == form["labels"]["confusion"][7][7] - 1 == 1
    assert form["confused"] == [{"read": 2, "said": 5, "count": 1, "examples": [read[0]["id"]]}]
    assert sum(each["readings"] for each in form["confidence"]) == 2
    assert form["weeks"][-1]["digits"] == 2.5
    page = client.get("/stats?days=30", headers={"Accept": BROWSER}).text
    assert page.count('<svg class="chart"') == 3 + (2 if form["sample"]["labelled"] else 0)  # one week is no line
    assert "There are readings of one week only." in page
    assert f'src="/stats/digits/{read[0]["id"]}/3"' in page


def test_only_some_times_can_be_asked_for(client: FlaskClient) -> None:
    for asked in ("7", "", "x", "-30", "30.0"):
        answer = client.get(f"/stats?days={asked}", headers={"Accept": JSON})
        assert (answer.status_code, answer.get_json()["error"]) == (400, "`days` must be 30, 90 or 365.")


def test_a_digit_is_cut_out_of_its_picture(client: FlaskClient, upload: Upload) -> None:
    form = upload(picture_of("40"), accept=JSON).get_json()
    answer = client.get(f"/stats/digits/{form['id']}/1")
    assert answer.mimetype == "image/jpeg"
    assert "immutable" in answer.headers["Cache-Control"]
    digit, whole = (Image.open(io.BytesIO(data)) for data in (answer.data, picture_of("40")))
    _, _, w, h = form["numbers"][0]["digits"][1]["box"]
    assert w <= digit.width <= 1.5 * w + 0.3 * h + 2
    assert h <= digit.height <= 1.3 * h + 0.3 * w + 2
    assert digit.width < whole.width
    ink = [sum(picture.convert("L").point(lambda value: value < 128).tobytes()) for picture in (digit, whole)]
    assert 0.2 * ink[1] < ink[0] < 0.8 * ink[1]  # one of the two digits


def test_there_are_only_digits_that_were_read(client: FlaskClient, upload: Upload) -> None:
    form, blank = (upload(picture_of(number), accept=JSON).get_json() for number in ("40", ""))
    by_hand = client.post(
        "/uploads/record", data={"image_name": "x", "number": "7"}, headers={"Accept": JSON}
    ).get_json()
    for path in (f"{form['id']}/2", f"{blank['id']}/0", f"{by_hand['id']}/0", "7/0"):
        assert client.get(f"/stats/digits/{path}").status_code == 404


@pytest.mark.parametrize("script", [True, False])
def test_the_page_tells_its_figures_in_tables_too(open_page: Open, site: Running, script: bool) -> None:
    requests.post(f"{site.url}/uploads", files={"file": ("7.png", picture_of("7"))}, timeout=30)
    page = open_page("/stats", viewport=PHONE, java_script_enabled=script)
    expect(page.get_by_role("figure", name="Readings a day")).to_be_visible()
    page.get_by_text("As a table").first.click()
    rows = page.get_by_role("row").filter(has_text=re.compile(r"\d{4}-\d{2}-\d{2}"))
    expect(rows.first).to_be_visible()
    page.get_by_role("link", name="A year").click()
    expect(page.get_by_role("link", name="A year")).to_have_attribute("aria-current", "true")
    assert page.url.endswith("/stats?days=365")


def test_no_id_stands_twice(client: FlaskClient, upload: Upload) -> None:
    upload(picture_of("7"))
    ids = re.findall(r' id="([^"]+)"', client.get("/stats", headers={"Accept": BROWSER}).text)
    assert len(ids) >= 5
    assert len(ids) == len(set(ids))
