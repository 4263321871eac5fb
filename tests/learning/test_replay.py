"""Reading the archive again with another version."""

import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from version_examples import another_version
from web_examples import picture_of

from mnist_predict.beside import Beside, row_of
from mnist_predict.champion import propose
from mnist_predict.cli.main import main
from mnist_predict.learning.replay import Replay
from mnist_predict.models.registry import Version
from mnist_predict.reading import Reading
from mnist_predict.service import Service
from mnist_predict.store.protocol import Store

Fill = Callable[[int], list[str]]


@pytest.fixture
def fill(service: Service) -> Fill:
    """Upload so many pictures; the ids of their records."""
    rng = random.Random(1)

    def some(count: int) -> list[str]:
        numbers = ["".join(rng.choice("023456789") for _ in range(2)) for _ in range(count)]
        return [str(service.upload(picture_of(number), f"{number}.png").id) for number in numbers]

    return some


@pytest.fixture(autouse=True)
def one_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One core is enough but where it is broken off, and starts sooner."""
    if "broken_off" not in request.node.name:
        monkeypatch.setattr("os.cpu_count", lambda: 1)


@pytest.fixture
def version(tmp_path: Path) -> Version:
    """One that reads as the shipped one does."""
    return another_version(tmp_path, b"1")


def test_every_picture_is_read_once_and_what_is_kept_stays(
    store: Store, fill: Fill, version: Version, tmp_path: Path
) -> None:
    fill(20)
    before = store.page()
    looked: list[int] = []
    replay = Replay(tmp_path, version, store)
    replay.run(None, looked.append)
    assert (replay.beside.difference().read, replay.beside.difference().changed) == (20, 0)
    assert sum(looked) == 20
    assert store.page() == before
    fill(5)
    replay.run(None)
    assert replay.beside.difference().read == 25
    replay.close()


def test_a_replay_that_was_broken_off_goes_on_and_gives_the_same(
    store: Store, fill: Fill, version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(18)
    monkeypatch.setattr("mnist_predict.learning.replay.TOGETHER", 4)
    whole, broken = (Replay(tmp_path / where, version, store) for where in ("whole", "broken"))
    whole.run(None)
    picture, asked = store.picture, []

    def fail(sha256: str) -> bytes | None:
        asked.append(sha256)
        if len(asked) > 14:
            raise KeyboardInterrupt
        return picture(sha256)

    monkeypatch.setattr(store, "picture", fail)
    monkeypatch.setattr("mnist_predict.learning.replay.WINDOW", 1)
    with pytest.raises(KeyboardInterrupt):
        broken.run(None)
    monkeypatch.setattr(store, "picture", picture)
    assert 0 < broken.beside.difference().read < 18
    broken.run(None)
    rows = [set(one.beside._file.execute("select * from reading")) for one in (whole, broken)]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 18


def test_what_was_erased_since_is_taken_out_and_what_is_older_is_left_out(
    service: Service, store: Store, fill: Fill, version: Version, tmp_path: Path
) -> None:
    first = fill(3)[0]
    replay = Replay(tmp_path, version, store)
    replay.run(datetime.now(UTC) + timedelta(hours=1))
    assert replay.beside.difference().read == 0
    replay.run(datetime.now(UTC) - timedelta(hours=1))
    assert replay.beside.difference().read == 3
    replay.close()
    service.erase(first)
    again = Replay(tmp_path, version, store)
    assert again.beside.difference().read == 2
    again.close()


def test_the_command_says_what_changes_and_what_to_look_at(
    store: Store, fill: Fill, version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_PREDICT_DATA", str(tmp_path / "data"))
    ids = fill(3)
    propose(store, version, "learned")
    result = CliRunner().invoke(main, ["replay", "--store", f"sqlite:///{tmp_path}/kept.sqlite"])
    assert f"{version.name} reads 0 of 3 pictures otherwise." in result.stdout
    with closing(Beside(tmp_path / "data", version.name)) as beside:
        reading = Reading((), None, (), version.name)
        beside.keep([row_of(replace(store.page()[-1], written="99"), reading)])
    result = CliRunner().invoke(main, ["replay", "--store", f"sqlite:///{tmp_path}/kept.sqlite"])
    assert f"{version.name} reads 1 of 3 pictures otherwise." in result.stdout
    assert f"/records/{ids[0]}" in result.stdout
    assert "99\t" in result.stdout
