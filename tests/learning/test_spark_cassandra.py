"""Reading the archive again on real Spark, over real Cassandra."""

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import spark_nodes
from click.testing import CliRunner
from PIL import Image
from store_examples import READING, label_of, record_of
from uuid_utils.compat import uuid7
from version_examples import another_version
from web_examples import picture_of

from mnist_predict.champion import propose
from mnist_predict.cli.main import main
from mnist_predict.errors import BadRequest
from mnist_predict.learning.replay import Replay
from mnist_predict.models.registry import Version
from mnist_predict.reading import Box
from mnist_predict.store.ids import new_id
from mnist_predict.store.opening import open_store
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Erasure
from mnist_predict.store.tools.labelled import export_pictures

COUNT = 24  # uploads; each second one is a day older


@pytest.fixture(scope="module", autouse=True)
def small_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings of Spark for little memory. Without what it needs the tests are skipped: to install it takes minutes."""
    if what := spark_nodes.lacking():
        pytest.skip(what)
    folder = tmp_path_factory.mktemp("spark")
    (folder / "spark-defaults.conf").write_text(spark_nodes.SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(folder))
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        yield


@pytest.fixture
def url(cassandra_url: Callable[[int, str], str]) -> str:
    return cassandra_url(1, f"test_{random.randbytes(5).hex()}")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Uploads of two days: some of the same picture, one picture of several chunks, one that is none, one that is lost;
    and what is not read: a label and a record by hand."""
    opened = open_store(url)
    pixels = np.random.default_rng(1).integers(180, 256, (900, 1000), np.uint8)
    large = BytesIO()
    Image.fromarray(pixels).save(large, "PNG")
    pictures = [picture_of(str(20 + at % 10)) for at in range(COUNT - 3)] + [large.getvalue(), b"no picture", b"lost"]
    assert len(pictures[-3]) > 600_000
    for at, picture in enumerate(pictures):
        when = datetime.now(UTC) - timedelta(days=at % 2)
        record = record_of(picture, id=uuid7(nanoseconds=int(when.timestamp() * 1e9)), number="21")
        opened.add(record, None if picture == b"lost" else picture)
    opened.add(label_of(opened.page()[0]))
    opened.add(record_of(source="hand", reading=None))
    yield opened
    opened.close()


@pytest.fixture
def version(tmp_path: Path) -> Version:
    """One that reads as the shipped one does."""
    return another_version(tmp_path, b"1")


def rows(replay: Replay) -> list[tuple[str, ...]]:
    return list(replay.beside._file.execute("select * from reading order by id"))


@pytest.fixture
def expected(store: Store, version: Version, tmp_path: Path) -> list[tuple[str, ...]]:
    """What is kept without Spark."""
    with closing(Replay(tmp_path / "one machine", version, store)) as replay:
        replay.run(None)
        assert replay.beside.difference().read == COUNT
        return rows(replay)


def test_it_keeps_the_same_rows_as_on_one_machine_and_reads_no_picture_twice(
    store: Store, url: str, version: Version, tmp_path: Path, expected: list[tuple[str, ...]]
) -> None:
    from mnist_predict.learning.spark.cluster import open_cluster
    from mnist_predict.learning.spark.replay import SparkReplay

    with (
        open_cluster("local[2]", url) as spark,
        closing(SparkReplay(tmp_path / "spark", version, store, spark)) as replay,
    ):
        today = datetime.now(UTC) - timedelta(hours=12)
        assert replay.total(today) == COUNT / 2
        replay.run(today)
        assert rows(replay) == expected[COUNT // 2 :]
        first, *others = rows(replay)
        marked = (first[0], "was", "kept", 1.0, "{}")
        replay.keep([marked])
        looked: list[int] = []
        assert replay.total(None) == COUNT
        replay.run(None, looked.append)
        assert sum(looked) == COUNT
        kept = rows(replay)
        assert kept[: COUNT // 2] == expected[: COUNT // 2]
        assert kept[COUNT // 2 :] == [marked, *others]


def test_executors_that_are_killed_lose_and_double_nothing_and_what_is_erased_meanwhile_stays_away(
    store: Store,
    url: str,
    version: Version,
    tmp_path: Path,
    expected: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mnist_predict.learning.spark import cluster
    from mnist_predict.learning.spark.replay import SparkReplay

    monkeypatch.setattr(cluster, "A_CORE", 2)
    (tmp_path / "spark").mkdir()
    nodes = spark_nodes.SparkNodes(tmp_path / "spark")
    erased = store.page(limit=COUNT + 2)[-1]
    killed: list[int] = []

    def kill(_: int) -> None:
        """After the first wave and while the second is read."""
        if not killed:
            killed.extend(nodes.executors()[:1])
            os.kill(killed[0], signal.SIGKILL)
            store.erase(Erasure(new_id(), (erased.id,)))

    try:
        with (
            cluster.open_cluster(nodes.master, url) as spark,
            closing(SparkReplay(tmp_path / "data", version, store, spark)) as replay,
        ):
            replay.run(None, kill)
            assert rows(replay) == [row for row in expected if row[0] != str(erased.id)]
        assert killed
    finally:
        nodes.stop()


def test_the_commands_read_and_export_on_spark_as_they_do_without(
    store: Store, url: str, version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_PREDICT_DATA", str(tmp_path / "data"))
    propose(store, version, "learned")
    result = CliRunner().invoke(main, ["replay", "--store", url, "--spark", "local[2]"])
    assert f" of {COUNT} pictures otherwise." in result.stdout
    for record in store.page():
        if record.source == "upload":
            store.add(label_of(record, "-2.5"))
    number = READING.numbers[0]
    several = replace(READING, numbers=(number, replace(number, box=Box(60, 4, 44, 28))))
    sheet = record_of(picture_of("5"), reading=several)
    store.add(sheet, picture_of("5"))
    store.add(label_of(sheet))
    store.add(replace(label_of(sheet, "78"), of_number=1))
    count = export_pictures(store, tmp_path / "alone")
    assert count == 10 + 2 + 1  # ten different numbers, the large picture, what is none, and a sheet of two numbers
    assert len((tmp_path / "alone" / "labels.csv").read_text().splitlines()) == 1 + count + 1
    export = ["store", "export", "--store", url, "--spark", "local[2]"]
    result = CliRunner().invoke(main, [*export, "--pictures", str(tmp_path / "spark")])
    assert result.stdout == f"{count} labelled pictures are in {tmp_path}/spark\n"
    alone, spark = (
        {one.name: one.read_bytes() for one in (tmp_path / where).iterdir()} for where in ("alone", "spark")
    )
    assert spark == alone
    assert "add --pictures" in CliRunner().invoke(main, [*export, str(tmp_path / "all.csv")]).stderr


def test_another_store_than_cassandra_is_refused() -> None:
    from mnist_predict.learning.spark.cluster import open_cluster

    with pytest.raises(BadRequest, match="a store in Cassandra"), open_cluster("local[2]", "sqlite:///a.sqlite"):
        pass
