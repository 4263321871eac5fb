"""Figures are well-formed and inside their frame, whatever the data are."""

import re
from collections.abc import Iterator
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from mnist_predict.web.presenters import charts
from mnist_predict.web.presenters.charts import Bar

counts = st.integers(0, 10**18)
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=9)
values = st.one_of(st.none(), st.floats(-1e12, 1e12), st.floats(0, 1))


def parts(chart: Markup) -> Iterator[ElementTree.Element]:
    """All elements; fails for what is no XML, lies outside, or is no number."""
    root = ElementTree.fromstring(str(chart))
    height = float(root.get("height", "0"))
    assert [each.tag for each in root[:2]] == ["title", "desc"]
    for element in root.iter():
        at = {name: value for name, value in element.attrib.items() if name in ("x", "x1", "x2", "cx", "width")}
        across = {name: float(value.removesuffix("%")) for name, value in at.items()}
        assert all(0 <= value <= 100.01 for value in across.values())
        if element.tag == "rect":
            assert across["x"] + across["width"] <= 100.01
        for name in ("y", "y1", "y2", "cy"):
            assert 0 <= float(element.get(name, "0")) <= height
        assert float(element.get("y", "0")) + float(element.get("height", "0")) <= height + 0.1
        yield element


@given(st.lists(st.tuples(counts, counts, texts), max_size=400))
def test_bars_of_any_counts(columns: list[tuple[int, int, str]]) -> None:
    chart = charts.bars("a", "A <title>", "& more", [Bar((one, two), words, words) for one, two, words in columns])
    drawn = list(parts(chart))
    assert sum(each.tag == "rect" for each in drawn) == 2 * len(columns)
    said = [each[-1].text or "" for each in drawn if each.tag == "g"]
    assert said == [words for _, _, words in columns]


@given(st.lists(st.tuples(texts, values), max_size=60))
def test_a_line_of_any_values_has_a_gap_where_one_is_lacking(points: list[tuple[str, float | None]]) -> None:
    drawn = list(parts(charts.line("a", "A", "b", points, lambda value: f"{value:.3g}")))
    known = [value is not None for _, value in points]
    assert sum(each.tag == "circle" for each in drawn) == sum(known)
    curves = sum(each.get("class") == "curve" for each in drawn)
    assert curves == sum(one and other for one, other in pairwise(known))


@given(st.lists(st.lists(counts, min_size=10, max_size=10), min_size=10, max_size=10))
def test_a_square_of_any_counts(rows: list[list[int]]) -> None:
    shades = [
        float(each.get("fill-opacity", "0")) for each in parts(charts.square("a", "A", "b", rows)) if each.tag == "rect"
    ]
    assert len(shades) == 100
    assert all(0 <= shade <= 0.45 for shade in shades)
    assert [shade > 0 for shade in shades] == [count > 0 for row in rows for count in row]


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted))
def test_an_interval_holds_its_share(shares: list[float]) -> None:
    low, share, high = shares
    drawn = list(parts(charts.interval("a", "A", "b", share, low, high)))
    between = next(each for each in drawn if each.get("class") == "between")
    dot = next(each for each in drawn if each.tag == "circle")
    x, width, middle = (
        float((at or "").removesuffix("%")) for at in (between.get("x"), between.get("width"), dot.get("cx"))
    )
    assert x - 0.01 <= middle <= x + width + 0.01


def test_a_reliability_diagram_shows_intervals_beside_the_line_of_honest_confidence() -> None:
    drawn = list(parts(charts.reliability("a", "A", "b", [(0.5, (0.4, 0.2, 0.7), 9), (0.9, (1.0, 0.6, 1.0), 3)])))
    kinds = [each.get("class") for each in drawn]
    assert [kinds.count(kind) for kind in ("honest", "within", "dot")] == [1, 2, 2]
    bars = [each for each in drawn if each.get("class") == "within"]
    dots = [each for each in drawn if each.get("class") == "dot"]
    for bar, dot in zip(bars, dots, strict=True):
        assert bar.get("x1") == bar.get("x2") == dot.get("cx")
        assert float(bar.get("y2", "")) <= float(dot.get("cy", "")) <= float(bar.get("y1", ""))
    assert "50 % sure: 40 % right (20 to 70 %) of 9" in [each.text for each in drawn]


def test_no_style_and_no_script_is_in_a_figure() -> None:
    chart = charts.bars("a", "A", "b", [Bar((1,), "x", "<script>alert(1)</script>")])
    assert not re.search(r"<script|style=|\son\w+=", str(chart))


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0"), (0.5, "0.5"), (950, "950"), (1000, "1k"), (1240, "1.2k"), (35_400, "35k"), (4_100_000, "4.1M")],
)
def test_counts_are_said_shortly(count: float, words: str) -> None:
    assert charts.compact(count) == words
