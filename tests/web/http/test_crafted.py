"""Crafted words in requests: refused in words, or taken as best as can be, and never told to a terminal."""

import io
import json

import pytest
from flask.testing import FlaskClient
from web_examples import JSON, picture_of

LONG = "7" * 101


@pytest.mark.parametrize("count", ["000000001999999", "0" * 5000, "-1", "", "1e3", "٣"])
def test_a_count_is_a_small_number_however_it_is_written(client: FlaskClient, count: str) -> None:
    answer = client.post("/review/next", data={"count": count}, headers={"Accept": JSON})
    assert answer.status_code == 400
    assert "from 1 to" in answer.json["error"]


def test_a_number_has_at_most_100_digits_whichever_way_it_comes(client: FlaskClient) -> None:
    kept = client.post("/uploads", data={"file": (io.BytesIO(picture_of("7")), "7.png")}, headers={"Accept": JSON})
    ways = [
        client.post("/uploads/record", data={"image_name": "7.png", "number": LONG}),
        client.post("/uploads/record", data={"lines": f"a.png,{LONG}\nb.png,7"}),
        client.post("/review/answer", data={"record": kept.json["id"], "number": LONG}),
        client.post("/uploads/record", data={"record": kept.json["id"], "number": LONG}),
        client.get("/records", query_string={"number": LONG}),
        client.post("/read", data={"file": (io.BytesIO(picture_of("7")), "7.png"), "expect": LONG}),
        client.post("/read", data={"file": (io.BytesIO(picture_of("7")), "7.png"), "expect": f"1..{LONG}"}),
    ]
    assert [way.status_code for way in ways] == [400] * len(ways), [way.text for way in ways]
    assert len(client.get("/records.jsonl").text.splitlines()) == 1


@pytest.mark.parametrize(("sent", "kept"), [(b"sept\xe9.png", "septé.png"), (b"\x93 7 \x94.png", "“ 7 ”.png")])
def test_a_file_name_of_an_old_program_is_taken(client: FlaskClient, sent: bytes, kept: str) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + sent + b'"\r\n\r\n'
    body = head + picture_of("7") + b"\r\n--b--\r\n"
    headers = {"Accept": JSON, "Content-Type": "multipart/form-data; boundary=b"}
    answer = client.post("/uploads", data=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json["image_name"] == kept


@pytest.mark.parametrize(
    "path", ["/uploads/\x9b31m7", "/uploads/\u202egnp.7", "/uploads/\x1b]0;7\x07", "/uploads/\u2028"]
)
def test_a_log_has_nothing_that_a_terminal_obeys(client: FlaskClient, path: str) -> None:
    errors = io.StringIO()
    client.get(path, environ_overrides={"wsgi.errors": errors, "PATH_INFO": path.encode().decode("latin-1")})
    (line,) = errors.getvalue().split("\n")[:-1]
    assert line.isprintable()
    assert json.loads(line)["path"] == path
