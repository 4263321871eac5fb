"""What is wrong with a request is said in words, with its status, in the form that the client wants."""

import io
import json
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from web_examples import BROWSER, CURL, JSON, Upload, picture_of

from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.store.opening import open_store
from mnist_predict.vision.load.picture import MAX_BYTES
from mnist_predict.vision.recognizer import Recognizer
from mnist_predict.web.app import create_app


def zip_without_a_picture() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("7.txt", "seven")
    return file.getvalue()


def declared(width: int, height: int) -> bytes:
    """A PNG whose header promises a size that its few bytes do not hold."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = b"IDAT" + zlib.compress(bytes(100))
    chunks = (header, pixels, b"IEND")
    body = b"".join(struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def jpeg_cut_short() -> bytes:
    whole = picture_of("4072", "JPEG")
    return whole[: len(whole) // 2]


def png_with_a_wrong_byte() -> bytes:
    data = bytearray(picture_of("7"))
    data[len(data) // 2] ^= 0xFF
    return bytes(data)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

BAD_FILES = {
    "empty": (b"", 400),
    "text": (b"seven\n", 415),
    "zip": (zip_without_a_picture(), 415),
    "svg": (SVG, 415),
    "pdf cut short": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", 422),
    "html": (b"<!doctype html><script>alert(1)</script>", 415),
    "png cut short": (picture_of("7")[:200], 422),
    "jpeg cut short": (jpeg_cut_short(), 422),
    "damaged png": (png_with_a_wrong_byte(), 422),
    "a byte too many": (picture_of("7").ljust(MAX_BYTES + 1, b"\0"), 413),
    "64 megapixels and more": (declared(8001, 8001), 413),
    "a billion pixels": (declared(2**31 - 1, 2**31 - 1), 413),
}


@pytest.mark.parametrize("accept", [CURL, JSON, BROWSER], ids=["text", "json", "html"])
@pytest.mark.parametrize("path", ["/uploads", "/read"])
@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_in_words(upload: Upload, service: Service, case: str, path: str, accept: str) -> None:
    data, status = BAD_FILES[case]
    answer = upload(data, accept=accept, path=path)
    assert answer.status_code == status
    check_form(answer, accept)
    assert service.store.page() == []


def check_form(answer, accept: str) -> None:  # type: ignore[no-untyped-def]
    """The same words in each of the three forms."""
    if accept == BROWSER:
        assert answer.mimetype == "text/html"
        assert f'<p class="number" aria-hidden="true">{answer.status_code}</p>' in answer.text
        words = answer.text.partition("<h1>")[2].partition("</h1>")[0]
    elif accept == JSON:
        form = json.loads(answer.text)
        assert form["status"] == answer.status_code
        words = form["error"]
    else:
        assert answer.mimetype == "text/plain"
        words = answer.text.rstrip("\n")
        assert "\n" not in words
    assert words.endswith((".", "/uploads"))  # a sentence, or a command to copy
    assert "Traceback" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("accept", [CURL, JSON, BROWSER], ids=["text", "json", "html"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/uploads/never.png", 404),
        ("GET", "/records/00000000-0000-7000-8000-000000000000", 404),
        ("GET", "/records/7/picture", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/records?before=yesterday", 400),
        ("GET", "/stats?days=yesterday", 400),
        ("POST", "/uploads", 400),
        ("PUT", "/uploads", 405),
        ("DELETE", "/uploads/7.png", 405),
        ("GET", "/read", 405),
        ("BREW", "/uploads", 405),
    ],
)
def test_a_bad_request_is_refused_in_words(
    client: FlaskClient, method: str, path: str, status: int, accept: str
) -> None:
    answer = client.open(path, method=method, headers={"Accept": accept})
    assert answer.status_code == status
    check_form(answer, accept)


def test_405_says_what_is_allowed(client: FlaskClient) -> None:
    assert set(client.get("/read").allow) == {"POST", "OPTIONS"}


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"file": "a text, not a file"},
        {"picture": (io.BytesIO(picture_of("7")), "7.png")},
        {"file": (io.BytesIO(b""), "")},
    ],
    ids=["nothing", "text", "other field", "nothing chosen"],
)
def test_without_a_file_the_answer_says_how_to_send_one(client: FlaskClient, form) -> None:  # type: ignore[no-untyped-def]
    answer = client.post("/uploads", data=form)
    assert answer.status_code == 400
    assert 'curl -F "file=@7.png" http://localhost/uploads' in answer.text


@pytest.mark.parametrize("path", ["/read", "/uploads/record"])
def test_two_files_where_one_belongs_are_refused_rather_than_one_of_them_dropped(
    client: FlaskClient, path: str
) -> None:
    files = [(io.BytesIO(picture_of("7")), "7.png"), (io.BytesIO(picture_of("1")), "1.png")]
    answer = client.post(path, data={"file": files, "number": "7"})
    assert answer.status_code == 400
    assert "one picture at a time" in answer.text


def test_a_body_that_declares_no_length_is_limited_as_well(client: FlaskClient) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="7.png"\r\n\r\n'
    body = head + picture_of("7").ljust(MAX_BYTES + 200_000, b"\0") + b"\r\n--b--\r\n"
    answer = client.post(
        "/uploads",
        input_stream=io.BytesIO(body),
        content_type="multipart/form-data; boundary=b",
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    assert answer.status_code == 413
    assert "20 MB" in answer.text


def test_a_file_of_exactly_20_mb_is_read(upload: Upload) -> None:
    assert upload(picture_of("7").ljust(MAX_BYTES, b"\0")).status_code == 200


def test_a_tall_name_in_an_error_cannot_break_its_page(client: FlaskClient) -> None:
    answer = client.get("/uploads/%3Cscript%3Ealert(1)%3C%2Fscript%3E", headers={"Accept": BROWSER})
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("accept", [CURL, JSON, BROWSER], ids=["text", "json", "html"])
def test_a_store_that_cannot_be_written_acknowledges_nothing(
    recognizer: Recognizer, tmp_path: Path, accept: str
) -> None:
    (tmp_path / "file").write_text("where a folder should be")
    store = open_store(f"sqlite:///{tmp_path}/file/kept.sqlite")
    client = create_app(service=Service(recognizer, store, Settings(data=str(tmp_path)))).test_client()
    form = {"file": (io.BytesIO(picture_of("7")), "7.png")}
    answer = client.post("/uploads", data=form, headers={"Accept": accept})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    check_form(answer, accept)
    assert client.get("/readyz", headers={"Accept": accept}).status_code == 503
    assert client.get("/healthz").status_code == 200
    assert client.post("/read", data={"file": (io.BytesIO(picture_of("7")), "7.png")}).status_code == 200


HEADERS = st.sampled_from(
    [
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "application/x-www-form-urlencoded",
        "image/png",
        "",
    ]
)
PIECES = st.sampled_from(
    [
        b"--b\r\n",
        b"--b--\r\n",
        b"\r\n\r\n",
        b'Content-Disposition: form-data; name="file"; filename="7.png"\r\n\r\n',
        b"Content-Disposition: form-data; name=file; filename*=utf-8''%ED%A0%80\r\n\r\n",
        b'Content-Disposition: form-data; name="file"; filename="\xe9.png"\r\n\r\n',
        b"Content-Type: image/png\r\n",
        picture_of("7"),
        picture_of("7")[:100],
        b"number=7&image_name=%00%ff&record=",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/uploads", "/read", "/uploads/record"]),
    kind=HEADERS,
    body=st.lists(st.one_of(PIECES, st.binary(max_size=30)), max_size=8).map(b"".join),
)
def test_no_body_is_this_side_s_fault(client: FlaskClient, path: str, kind: str, body: bytes) -> None:
    answer = client.post(path, data=body, content_type=kind)
    assert answer.status_code in (200, 400, 404, 413, 415, 422)  # 404: of a record that is not there


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.text(st.characters(codec="utf-8"), max_size=40), accept=st.text(max_size=20))
def test_no_address_is_this_side_s_fault(client: FlaskClient, path: str, accept: str) -> None:
    asked = {"PATH_INFO": f"/{path}".encode().decode("latin-1"), "HTTP_ACCEPT": accept}
    answer = client.get("/", environ_overrides=asked)
    assert answer.status_code in (200, 302, 404, 405)


def test_an_unexpected_error_is_logged_and_told_in_plain_words(
    app,  # type: ignore[no-untyped-def]
    client: FlaskClient,
    upload: Upload,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the network melted")

    monkeypatch.setattr(app.extensions["service"].recognizer, "read", fail)
    for accept in (CURL, JSON, BROWSER):
        answer = upload(picture_of("7"), accept=accept)
        assert answer.status_code == 500
        check_form(answer, accept)
        assert "melted" not in answer.text
    line = json.loads(capsys.readouterr().err.splitlines()[0])
    assert line["status"] == 500
    assert "RuntimeError: the network melted" in line["error"]


def test_a_gif_of_many_frames_is_read_by_its_first(upload: Upload) -> None:
    frames = [Image.open(io.BytesIO(picture_of(number))) for number in ("7", "1")]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    assert upload(file.getvalue()).text.startswith("recognised result: 7\n")
