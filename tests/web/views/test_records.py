"""The records: the list, one of them, its picture and previews."""

import io
import re
from dataclasses import replace
from hashlib import sha256

import pytest
from flask.testing import FlaskClient
from PIL import Image
from web_examples import BROWSER, JSON, Upload, picture_of

from mnist_predict.reading import Box
from mnist_predict.service import Service
from mnist_predict.store.ids import new_id
from mnist_predict.web.http.pictures import send_picture
from mnist_predict.web.presenters.drawing import Drawing
from mnist_predict.web.views.records import PAGE


def test_nothing_is_kept_at_first(client: FlaskClient) -> None:
    assert "No records yet." in client.get("/records").text
    assert client.get("/records", headers={"Accept": JSON}).get_json() == {
        "records": [],
        "older": None,
        "looked_to": None,
    }


def test_pages_follow_each_other_without_skips_or_repeats(client: FlaskClient, service: Service) -> None:
    kept = [str(service.record_by_hand(f"{n}.png", str(n)).id) for n in range(2 * PAGE + 5)]
    seen: list[str] = []
    address = "/records"
    while address:
        page = client.get(address, headers={"Accept": JSON}).get_json()
        seen += [record["id"] for record in page["records"]]
        assert len(page["records"]) <= PAGE
        address = page["older"]
    assert seen == kept[::-1]
    first = client.get("/records").text
    assert "Older records" in first
    assert "Newest records" not in first
    last = client.get(f"/records?before={kept[5]}").text
    assert "Older records" not in last
    assert "Newest records" in last
    assert "No older records." in client.get(f"/records?before={kept[0]}").text


def test_the_list_says_what_each_record_is(client: FlaskClient, upload: Upload) -> None:
    read = upload(picture_of("7"), accept=JSON).get_json()
    upload(picture_of(""))
    client.post("/uploads/record", data={"record": read["id"], "number": "7"})
    client.post("/uploads/record", data={"image_name": "other.png", "number": "7"})
    page = client.get("/records").text
    for words in ("Confirmed</span>", "No number", "By hand"):
        assert words in page
    assert page.count("<tr>") == 1 + 3


def test_an_image_called_record_is_reached(client: FlaskClient, upload: Upload) -> None:
    form = upload(picture_of("7"), "record", JSON).get_json()
    assert client.get("/uploads/record").mimetype == "text/html"  # the page of that name
    assert client.get(f"/records/{form['id']}/picture").data == picture_of("7")
    page = client.get(f"/records/{form['id']}", headers={"Accept": BROWSER}).text
    assert f'href="/records/{form["id"]}/picture"' in page


def test_the_page_draws_a_box_around_each_digit(client: FlaskClient, upload: Upload) -> None:
    form = upload(picture_of("4072"), accept=JSON).get_json()
    page = client.get(f"/records/{form['id']}", headers={"Accept": BROWSER}).text
    for digit in form["numbers"][0]["digits"]:
        x, y, w, h = digit["box"]
        assert f'<rect x="{x}" y="{y}" width="{w}" height="{h}"/>' in page
    assert page.count('<ul class="bars"') == 4


def test_every_number_of_a_picture_is_shown(client: FlaskClient, upload: Upload) -> None:
    first, second = (Image.open(io.BytesIO(picture_of(number))) for number in ("7", "4072"))
    page = Image.new("L", (second.width, first.height + second.height), 255)
    page.paste(first, (0, 0))
    page.paste(second, (0, first.height))
    file = io.BytesIO()
    page.save(file, "PNG")
    form = upload(file.getvalue(), accept=JSON).get_json()
    shown = client.get(f"/records/{form['id']}", headers={"Accept": BROWSER}).text
    assert len(form["numbers"]) == 2
    assert "The 2 numbers in this picture" in shown
    for number in form["numbers"]:
        assert f'<span class="mono n">{number["text"]}</span>' in shown


@pytest.mark.parametrize("size", ["small", "large"])
def test_a_tiff_has_a_preview_beside_the_untouched_original(client: FlaskClient, upload: Upload, size: str) -> None:
    data = picture_of("7", "TIFF", scale=10)
    form = upload(data, "7.tif", JSON).get_json()
    original = client.get(f"/records/{form['id']}/picture")
    assert (original.data, original.mimetype) == (data, "image/tiff")
    preview = client.get(f"/records/{form['id']}/preview/{size}")
    assert preview.mimetype == "image/jpeg"
    assert "immutable" in preview.headers["Cache-Control"]
    picture = Image.open(io.BytesIO(preview.data))
    assert max(picture.size) == {"small": 240, "large": 500}[size]
    page = client.get(f"/records/{form['id']}", headers={"Accept": BROWSER}).text
    assert "Browsers do not show TIFF files" in page


def test_a_preview_stands_upright(client: FlaskClient, upload: Upload) -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    Image.open(io.BytesIO(picture_of("4072"))).save(file, "JPEG", exif=exif)
    form = upload(file.getvalue(), accept=JSON).get_json()
    preview = client.get(f"/records/{form['id']}/preview/large")
    width, height = Image.open(io.BytesIO(preview.data)).size
    assert height > width


def test_there_is_no_other_size(client: FlaskClient, upload: Upload) -> None:
    form = upload(picture_of("7"), accept=JSON).get_json()
    assert client.get(f"/records/{form['id']}/preview/huge").status_code == 404


def test_a_record_without_a_picture_has_none_to_show(client: FlaskClient, service: Service) -> None:
    record = service.record_by_hand("other.png", "7")
    for path in ("picture", "preview/small"):
        assert client.get(f"/records/{record.id}/{path}").status_code == 404


def test_bytes_of_no_known_format_are_only_ever_saved(app) -> None:  # type: ignore[no-untyped-def]
    """Nothing of the kind is kept today; an older store may hold it."""
    with app.test_request_context():
        answer = send_picture(b"<script>alert(1)</script>", "a.html", etag="e")
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_small_picture_is_enlarged_pixel_by_pixel_and_a_large_one_fits_the_page() -> None:
    small = Drawing.of(picture_of("7", scale=1))
    assert small.coarse
    assert small.shown_height > 300
    large = Drawing(4000, 3000, "JPEG", True)
    assert not large.coarse
    assert (large.shown_width, large.shown_height) == (560, 420)
    assert Drawing(100_000, 1, "PNG", True).shown_height == 1
    assert Drawing(100, 50, "PNG", True).around(Box(0, 0, 50, 50)) == (0, 0, 54, 50)


def test_the_page_of_a_pdf_with_its_number_is_shown(client: FlaskClient, upload: Upload) -> None:
    blank, page = (Image.open(io.BytesIO(picture_of(number))) for number in ("", "4072"))
    file = io.BytesIO()
    blank.save(file, "PDF", save_all=True, append_images=[page])
    form = upload(file.getvalue(), name="form.pdf", accept=JSON).get_json()
    assert (form["number"], form["numbers"][0]["page"]) == ("4072", 1)
    for path in (f"/records/{form['id']}/picture", "/uploads/form.pdf"):
        kept = client.get(path)
        assert (kept.data, kept.mimetype) == (file.getvalue(), "application/pdf")
        assert kept.headers["Content-Disposition"].startswith("attachment")
    shown = Image.open(io.BytesIO(client.get(f"/records/{form['id']}/preview/large").data))
    assert shown.width / shown.height == pytest.approx(page.width / page.height, rel=0.02)
    record = client.get(f"/records/{form['id']}", headers={"Accept": BROWSER}).text
    assert f'viewBox="0 0 {shown.width} {shown.height}"' in record
    assert "a preview of page 2" in record


def test_a_sheet_of_numbers_is_shown_as_a_table(client: FlaskClient, upload: Upload) -> None:
    sheet = Image.new("L", (900, 420), 255)
    for number, place in {"40": (0, 0), "7": (600, 10), "31": (590, 220)}.items():
        sheet.paste(Image.open(io.BytesIO(picture_of(number))), place)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    form = upload(file.getvalue(), accept=JSON).get_json()
    page = client.get(f"/records/{form['id']}", headers={"Accept": BROWSER}).text
    assert [number["text"] for number in form["numbers"]] == ["40", "7", "31"]
    rows = re.findall(r"<tr>(.*?)</tr>", page.partition("as a table")[2].partition("</table>")[0], re.DOTALL)
    cells = [[re.sub("<[^>]+>", "", cell) for cell in re.findall("<td.*?</td>", row)] for row in rows]
    assert [[cell.partition(" ")[0] for cell in row] for row in cells] == [["40", "7"], ["", "31"]]
    alone = upload(picture_of("7"), accept=JSON).get_json()
    assert "as a table" not in client.get(f"/records/{alone['id']}", headers={"Accept": BROWSER}).text


def test_the_free_reading_stands_beside_what_was_expected(client: FlaskClient) -> None:
    sent = {"file": (io.BytesIO(picture_of("4072")), "a.png"), "expect": "4012,5555"}
    form = client.post("/uploads", data=sent, headers={"Accept": JSON}).get_json()
    page = client.get(f"/records/{form['id']}", headers={"Accept": BROWSER}).text
    assert (form["number"], form["free"]) == ("4012", "4072")
    assert page.count("Read freely, not as 4012,5555, this is 4072.") >= 1
    kept = client.get(f"/records/{form['id']}", headers={"Accept": JSON}).get_json()
    assert kept["free"] == "4072"


def test_the_strip_that_the_network_got_is_shown(client: FlaskClient, upload: Upload) -> None:
    form = upload(picture_of("4072"), accept=JSON).get_json()
    page = client.get(f"/records/{form['id']}", headers={"Accept": BROWSER}).text
    assert f'src="/records/{form["id"]}/strip/0"' in page
    answer = client.get(f"/records/{form['id']}/strip/0")
    assert answer.mimetype == "image/png"
    strip = Image.open(io.BytesIO(answer.data))
    assert strip.mode == "L"
    assert strip.height < strip.width
    again = client.get(f"/records/{form['id']}/strip/0", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_number_that_is_not_there_has_no_strip(client: FlaskClient, upload: Upload) -> None:
    form = upload(picture_of("4072"), accept=JSON).get_json()
    assert "has no number 1" in client.get(f"/records/{form['id']}/strip/1").text
    assert client.get(f"/records/{form['id']}/strip/1").status_code == 404
    given = {"image_name": "a.png", "number": "7"}
    hand = client.post("/uploads/record", data=given, headers={"Accept": JSON}).get_json()
    assert client.get(f"/records/{hand['id']}/strip/0").status_code == 404


def test_a_record_is_shown_though_its_picture_cannot_be(client: FlaskClient, service: Service) -> None:
    """It could when it was read: by an older version, or before the disk was damaged."""
    read = service.upload(picture_of("4072"), "4072.png")
    data = b"\x89PNG of the past"
    record = replace(read, id=new_id(), sha256=sha256(data).hexdigest())
    service.store.add(record, data)
    answer = client.get(f"/records/{record.id}", headers={"Accept": BROWSER})
    assert answer.status_code == 200
    assert '<h1 class="number">4072</h1>' in answer.text


def test_a_record_whose_boxes_overlap_is_shown(client: FlaskClient, service: Service) -> None:
    read = service.upload(picture_of("4072"), "4072.png")
    assert read.reading
    [number] = read.reading.numbers
    twice = replace(read.reading, numbers=(number, number))
    record = replace(read, id=new_id(), reading=twice)
    service.store.add(record, None)
    answer = client.get(f"/records/{record.id}", headers={"Accept": BROWSER})
    assert answer.status_code == 200
    assert "The 2 numbers in this picture" in answer.text
