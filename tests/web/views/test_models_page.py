"""`/models` in a browser: the report of a candidate is looked at, it is promoted, reads, and is rolled back."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from version_examples import another_version, passed
from web_examples import AA, PHONE, Running, kept, read_by, serving

from mnist_predict.champion import propose
from mnist_predict.models.registry import Version, open_version
from mnist_predict.store.opening import open_store

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service whose champion is this module's alone."""
    with serving(tmp_path_factory.mktemp("models")) as it:
        yield it


@pytest.fixture
def candidate(site: Running, tmp_path: Path) -> Version:
    """A candidate that has passed, with a picture that it reads right and the champion does not."""
    report = passed()
    fixed = kept(site, "4072").rpartition("/")[2]
    share = {"n": 40, "champion": 0.75, "candidate": 0.9, "fixed": 7, "broken": 1}
    share |= {"champion_interval_95": (0.6, 0.86), "candidate_interval_95": (0.77, 0.96)}
    report["gate"] |= {"sets": {"corrections": share}, "changed": {"fixed": [fixed], "broken": []}}
    report["learned"] = {"date": "2026-11-27", "trained": 173, "held_out": 40, "sources": 2, "minutes": 6.5}
    report["learned"] |= {"start": open_version().name, "doubtful": [None, None]}
    version = another_version(tmp_path, b"page", report)
    with closing(open_store(f"sqlite:///{site.log.parent}/instance/mnist_predict.sqlite")) as store:
        propose(store, version, "learned from 213 labels")
    return version


def test_a_candidate_is_promoted_and_rolled_back(open_page: Open, site: Running, candidate: Version) -> None:
    page = open_page("/models", viewport=PHONE)
    page.get_by_role("link", name=candidate.name).click()
    expect(page.get_by_role("heading", name="The gate: passed")).to_be_visible()
    expect(page.get_by_role("cell", name="90.00 % (77.0 to 96.0)")).to_be_visible()
    expect(page.get_by_role("heading", name="Right now, wrong before")).to_be_visible()
    assert Axe().run(page, options=AA).violations_count == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_text("Promote", exact=True).first.click()
    page.get_by_label("Why").fill("it reads more of our forms")
    page.get_by_role("button", name="Promote").click()
    expect(page.get_by_role("cell", name="it reads more of our forms")).to_be_visible()
    read_by(page, candidate.name)
    page.goto(kept(site, "31"))
    expect(page.locator("dd code", has_text=candidate.name)).to_be_visible()
    page.goto("/models")
    assert Axe().run(page, options=AA).violations_count == 0
    page.get_by_text("Roll back to").click()
    page.get_by_label("Why").fill("fours")
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("cell", name="fours")).to_be_visible()
    read_by(page, open_version().name)
