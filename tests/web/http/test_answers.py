"""Which format of an answer a client gets."""

import pytest
from web_examples import BROWSER

from mnist_predict.web.http.negotiation import as_text, format_of


@pytest.mark.parametrize(
    ("accept", "format"),
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
def test_the_format_that_accept_names_first(accept: str, format: str) -> None:
    assert format_of(accept) == format


def test_a_text_answer_keeps_each_thing_on_its_line() -> None:
    assert as_text(["name: a\nrecognised result: 9", "b"]).get_data(as_text=True) == "name: a recognised result: 9\nb\n"
