"""Forms as browsers, curl and older programs send them, and forms that are too large or broken off."""

import pytest
from flask.testing import FlaskClient
from web_examples import JSON, picture_of

PART = b'--b\r\nContent-Disposition: form-data; name="file"; %s\r\nContent-Type: image/png\r\n\r\n%s\r\n'
KIND = "multipart/form-data; boundary=b"


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (b'filename="7.png"', "7.png"),
        (b"filename=7.png", "7.png"),
        ('filename="k\xe4se.png"'.encode(), "k\xe4se.png"),
        (b'filename="k\xe4se.png"', "k\xe4se.png"),
        (b"filename*=utf-8''k%C3%A4se.png", "k\xe4se.png"),
        (b'filename="my %22seven%22.png"', 'my "seven".png'),
    ],
)
def test_a_file_has_the_name_that_was_sent(client: FlaskClient, sent: bytes, name: str) -> None:
    body = PART % (sent, picture_of("7")) + b"--b--\r\n"
    answer = client.post("/uploads", data=body, content_type=KIND, headers={"Accept": JSON})
    assert (answer.status_code, answer.get_json()["image_name"]) == (200, name)


def test_a_form_of_too_many_parts_or_too_long_a_field_is_refused(client: FlaskClient) -> None:
    picture, end = PART % (b'filename="7.png"', picture_of("7")), b"--b--\r\n"
    field = b'--b\r\nContent-Disposition: form-data; name="expect"\r\n\r\n%s\r\n'
    for body in (field % b"1" * 1001, field % (b"1" * 600_000)):
        assert client.post("/uploads", data=body + picture + end, content_type=KIND).status_code == 413


def test_of_a_form_that_breaks_off_nothing_is_kept(client: FlaskClient) -> None:
    whole = PART % (b'filename="7.png"', picture_of("7")) + b"--b--\r\n"
    for length in range(0, len(whole) - 4, 20):
        assert client.post("/uploads", data=whole[:length], content_type=KIND).status_code == 400
    assert client.post("/uploads", data=whole, content_type="multipart/form-data; boundary=c").status_code == 400
    assert client.get("/records", headers={"Accept": JSON}).get_json()["records"] == []
