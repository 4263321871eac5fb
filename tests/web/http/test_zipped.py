"""A zip of pictures: each is read, and what is no picture or no file is named; bombs do no harm."""

import io
import struct
import tracemalloc
import warnings
from collections.abc import Callable
from contextlib import suppress
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile

import attacks
import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect
from web_examples import BROWSER, JSON, picture_of
from werkzeug.test import TestResponse

from mnist_predict.errors import UserError
from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.vision.load.picture import MAX_BYTES
from mnist_predict.web.app import create_app
from mnist_predict.web.http import zipped
from mnist_predict.web.http.zipped import unpacked

Open = Callable[..., Page]
MIXED = {
    "7.png": picture_of("7"),
    "tray/row 1/ü.jpg": picture_of("40", "JPEG"),
    "../../etc/passwd.png": picture_of("12"),
    "notes.txt": b"no picture",
    "empty.png": b"",
}


def zip_of(files: dict[str, bytes], compression: int = ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def send(client: FlaskClient, data: bytes, accept: str = JSON, name: str = "tray.zip", **headers: str) -> TestResponse:
    form = {"file": (io.BytesIO(data), name)}
    return client.post("/uploads", data=form, headers={"Accept": accept, **headers})


def declared(data: bytes, size: int) -> bytes:
    """A zip of one file that says that it has this size, in both its headers."""
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.rindex(mark) + offset
        data = data[:at] + struct.pack("<I", size) + data[at + 4 :]
    return data


def refusal(data: bytes) -> str:
    """Why the one file of a zip cannot be had."""
    [(_, why)] = unpacked(data)
    assert isinstance(why, UserError)
    return str(why)


def test_each_picture_is_read_and_kept_under_its_name_and_what_is_none_is_named(
    client: FlaskClient, service: Service
) -> None:
    answer = send(client, zip_of(MIXED))
    outcomes = answer.get_json()
    assert answer.status_code == 200
    assert [each["image_name"] for each in outcomes] == list(MIXED)
    assert [each.get("number") for each in outcomes] == ["7", "40", "12", None, None]
    assert [each.get("status") for each in outcomes] == [None, None, None, 415, 400]
    assert {record.image_name for record in service.store.page()} == set(list(MIXED)[:3])
    assert client.get("/uploads/tray/row%201/%C3%BC.jpg").data == MIXED["tray/row 1/ü.jpg"]
    lines = send(client, zip_of(MIXED), "*/*").text.splitlines()
    assert lines[0] == "7.png\t7"
    assert lines[3].startswith("notes.txt\tThis is not a picture.")
    assert "5 pictures" in send(client, zip_of(MIXED), BROWSER).text


def test_a_zip_of_one_picture_is_answered_as_a_list_too(client: FlaskClient) -> None:
    assert [each["number"] for each in send(client, zip_of({"7.png": picture_of("7")})).get_json()] == ["7"]


def test_a_zip_among_pictures_gives_its_own_in_its_place(client: FlaskClient) -> None:
    files = [(picture_of("1"), "1.png"), (zip_of({"2.png": picture_of("2")}), "x.zip"), (picture_of("3"), "3.png")]
    form = {"file": [(io.BytesIO(data), name) for data, name in files]}
    outcomes = client.post("/uploads", data=form, headers={"Accept": JSON}).get_json()
    assert [each["image_name"] for each in outcomes] == ["1.png", "2.png", "3.png"]


def test_a_zip_that_is_broken_holds_up_no_other(client: FlaskClient) -> None:
    form = {"file": [(io.BytesIO(zip_of(MIXED)[:200]), "x.zip"), (io.BytesIO(picture_of("7")), "7.png")]}
    first, second = client.post("/uploads", data=form, headers={"Accept": JSON}).get_json()
    assert (first["image_name"], first["status"]) == ("x.zip", 422)
    assert second["number"] == "7"


def test_one_key_covers_all_of_a_zip(client: FlaskClient, service: Service) -> None:
    answers = [send(client, zip_of(MIXED), **{"Idempotency-Key": "tray-1"}).get_json() for _ in range(2)]
    first, second = ([outcome.get("id") for outcome in outcomes] for outcomes in answers)
    assert first == second
    assert len(service.store.page()) == 3


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (zip_of({}), 400, "The zip is empty."),
        (zip_of({"__MACOSX/._7.png": b"x", "a/.DS_Store": b"x", "Thumbs.db": b"x"}), 400, "The zip is empty."),
        (zip_of({"7.png": picture_of("7")})[:-30], 422, "The zip is damaged"),
        (b"PK\x03\x04" + b"\0" * 100, 422, "The zip is damaged"),
        (zip_of({f"{n}.png": b"" for n in range(zipped.MOST_FILES + 1)}), 413, "The zip holds more than 1000 files."),
        (b"PK\x03\x04" + b"PK\x01\x02" * 3000, 413, "The zip holds more than 1000 files."),
    ],
    ids=["empty", "nothing of the user's", "cut short", "no end", "too many files", "says that it has very many"],
)
def test_a_zip_that_cannot_be_used_is_refused(client: FlaskClient, data: bytes, status: int, words: str) -> None:
    answer = send(client, data)
    assert answer.status_code == status
    assert answer.get_json()["error"].startswith(words)


def test_folders_are_no_files() -> None:
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        archive.mkdir("tray")
        archive.writestr("tray/7.png", b"7")
    assert list(unpacked(file.getvalue())) == [("tray/7.png", b"7")]


def test_an_encrypted_file_is_named() -> None:
    data = bytearray(zip_of({"7.png": picture_of("7")}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    data[6] |= 1
    assert refusal(bytes(data)).startswith("This file is encrypted.")


def test_a_rare_compression_is_named() -> None:
    assert "compression method" in refusal(zip_of({"7.png": picture_of("7")}, ZIP_BZIP2))


def test_a_file_whose_bytes_were_altered_is_named() -> None:
    data = zip_of({"7.png": picture_of("7")}, ZIP_STORED)
    at = data.index(b"IDAT")
    assert "damaged" in refusal(data[:at] + b"X" + data[at + 1 :])


def test_a_file_that_unpacks_to_too_much_is_refused_unseen() -> None:
    bomb = zip_of({"bomb.png": bytes(5 * MAX_BYTES)})
    assert len(bomb) < 200_000
    tracemalloc.start()
    assert refusal(bomb).startswith("The file has more than 20 MB.")
    assert "damaged" in refusal(declared(bomb, 1000))  # it says less than it holds
    assert tracemalloc.get_traced_memory()[1] < 3_000_000
    tracemalloc.stop()


def test_all_files_together_may_unpack_to_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "MOST_BYTES", 2500)
    found = [data for _, data in unpacked(zip_of({f"{n}.png": bytes(1000) for n in range(4)}))]
    assert found[:2] == [bytes(1000)] * 2
    assert all("unpacks to more than" in str(each) for each in found[2:])


def test_files_that_share_their_bytes_are_refused(client: FlaskClient) -> None:
    answer = send(client, attacks.overlapping("7.png", bytes(2_000_000)))
    assert answer.status_code == 422
    assert answer.get_json()["error"].startswith("Files of the zip overlap.")


def test_two_files_of_one_name_are_both_read() -> None:
    file = io.BytesIO()
    with ZipFile(file, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("7.png", b"one")
        archive.writestr("7.png", b"two")
    assert list(unpacked(file.getvalue())) == [("7.png", b"one"), ("7.png", b"two")]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_zip_with_bytes_altered_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(zip_of({"7.png": picture_of("7")[:300], "a": b"text"}, data.draw(st.sampled_from([0, 8]))))
    for at, value in data.draw(st.lists(st.tuples(st.integers(4, len(whole) - 1), st.integers(0, 255)), max_size=4)):
        whole[at] = value
    with suppress(UserError):
        for name, found in unpacked(bytes(whole)):
            assert isinstance(name, str)
            assert isinstance(found, bytes | UserError)


def test_each_picture_of_a_zip_counts_for_how_many_a_client_may_send(service: Service) -> None:
    environment = {"MNIST_PREDICT_RATE": "10"}
    client = create_app(Settings.from_environment(environment), service).test_client()
    assert send(client, zip_of({f"{n}.png": picture_of("7") for n in range(12)})).status_code == 200
    answer = send(client, picture_of("7"), name="7.png")
    assert answer.status_code == 429
    assert 10 < int(answer.headers["Retry-After"]) <= 20  # three more than ten a minute, and one to send


def test_a_zip_is_dropped_on_the_page_and_gives_a_row_for_each_picture(open_page: Open) -> None:
    page = open_page("/uploads")
    sent = {"name": "tray.zip", "mimeType": "application/zip", "buffer": zip_of(MIXED)}
    page.get_by_label("Choose pictures").set_input_files(sent)  # type: ignore[arg-type]
    expect(page.locator("#summary")).to_have_text("3 of 5 read, 2 failed")
    rows = page.locator("#queue li")
    expect(rows).to_have_count(5)
    expect(rows.first).to_contain_text("7.png")
    expect(rows.first.get_by_role("link", name="7 in 7.png: open the record")).to_be_visible()
    expect(rows.nth(3)).to_contain_text("This is not a picture.")
