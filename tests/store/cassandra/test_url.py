"""The parts of a cassandra:// setting."""

import pytest

from mnist_predict.errors import BadRequest
from mnist_predict.store.cassandra import url as cassandra_place
from mnist_predict.store.cassandra.url import ClusterUrl
from mnist_predict.store.opening import open_store


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("cassandra://localhost", ClusterUrl(("localhost",))),
        ("cassandra://a,b,c:9999/Records", ClusterUrl(("a", "b", "c"), 9999, "records")),
        ("cassandra://me:p%40ss%2F%3A@a:9042/k", ClusterUrl(("a",), 9042, "k", "me", "p@ss/:")),
        ("cassandra://me@a/", ClusterUrl(("a",), user="me")),
        ("cassandra://[::1]/k", ClusterUrl(("::1",), 9042, "k")),
        ("cassandra://[::1],[fe80::2]:9043/k", ClusterUrl(("::1", "fe80::2"), 9043, "k")),
        (
            "cassandra://a/k?dc=west&consistency=LOCAL_ONE&copies=2&tls=yes&ca=/ca.pem&check_host=no",
            ClusterUrl(("a",), 9042, "k", "", "", "west", "local_one", 2, True, "/ca.pem", False),
        ),
    ],
)
def test_a_url_names_a_place(url: str, place: ClusterUrl) -> None:
    assert ClusterUrl.from_url(url) == place


@pytest.mark.parametrize(
    "url",
    [
        *("cassandra://", "cassandra:///k", "cassandra://a,,b/k", "cassandra://me:hidden@/k"),
        *("cassandra://a:0/k", "cassandra://a:70000/k", "cassandra://me:hidden@a:port/k"),
        *("cassandra://a/two words", "cassandra://a/k;drop", "cassandra://a/é", "cassandra://me:hidden@a/" + "k" * 49),
        *("cassandra://a/k?tls=maybe", "cassandra://a/k?consistency=some", "cassandra://me:hidden@a/k?ttl=3"),
        *("cassandra://a/k?copies=many",),
    ],
)
def test_a_url_that_is_wrong_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        ClusterUrl.from_url(url)
    assert "hidden" not in str(refusal.value)


def test_the_password_is_in_no_text_of_a_place() -> None:
    place = ClusterUrl.from_url("cassandra://me:hidden@a,b/k")
    assert "hidden" not in f"{place!r} {place}"
    assert str(place) == "a,b:9042"


def test_without_its_driver_the_store_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_predict.store.opening.find_spec", lambda _: None)
    with pytest.raises(BadRequest, match=r"pip install 'mnist-predict\[cassandra\]'"):
        open_store("cassandra://a/k")


def test_every_consistency_is_one_that_the_driver_knows() -> None:
    cassandra = pytest.importorskip("cassandra")
    assert {name.upper() for name in cassandra_place.CONSISTENCIES} <= set(cassandra.ConsistencyLevel.name_to_value)
