"""Which form of an answer a client gets."""

import json

import pytest
from web_examples import BROWSER

from mnist_predict.web.http.negotiation import as_text, form_of, pretty


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "text"),
        ("*/*", "text"),
        ("text/*", "text"),
        ("text/plain", "text"),
        ("image/png", "text"),
        (BROWSER, "html"),
        ("text/html;q=0.5, application/json;q=0.9", "json"),
        ("application/json", "json"),
        ("application/json, text/plain, */*", "json"),
        ("APPLICATION/JSON; charset=utf-8", "json"),
        ("text/html;q=0", "text"),
        ("nonsense;;;q=x,,", "text"),
    ],
)
def test_the_form_that_accept_names_first(accept: str, form: str) -> None:
    assert form_of(accept) == form


def test_a_text_answer_keeps_each_thing_on_its_line() -> None:
    assert as_text(["name: a\nrecognised result: 9", "b"]).get_data(as_text=True) == "name: a recognised result: 9\nb\n"


def test_json_for_people_has_the_numbers_of_a_list_on_one_line() -> None:
    form = {"digits": [{"box": [1, 2], "probabilities": [0.5, 1e-06]}], "advice": [], "name": "[ 1, 2 ]"}
    text = pretty(form)
    assert json.loads(text) == form
    assert '"box": [1, 2]' in text
    assert '"probabilities": [0.5, 1e-06]' in text
