"""`learn` as a person runs it, from labels in a store to a candidate with its report; made small."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import learning_examples
import pytest
import torch
from click.testing import CliRunner, Result
from store_examples import record_of

from mnist_predict.champion import named, promote, standing
from mnist_predict.cli.main import main
from mnist_predict.errors import BadRequest
from mnist_predict.learning import doubts as doubting
from mnist_predict.learning.dataset import Dataset, of_store
from mnist_predict.learning.doubts import doubts
from mnist_predict.learning.gate import Thresholds, judge
from mnist_predict.learning.learn import Task, _shown, learn
from mnist_predict.learning.train import Recipe
from mnist_predict.models.packing import pack, unpack
from mnist_predict.models.registry import PARTS, open_version, version_name
from mnist_predict.store.protocol import Store
from mnist_predict.store.tools.labelled import LabelledPicture
from mnist_predict.training import export
from mnist_predict.training.line.network import LineNetwork
from mnist_predict.vision.recognizer import open_recognizer

Label = Callable[..., None]

pytestmark = pytest.mark.usefixtures("small")

QUICK = ["mnist=20", "test=5", "pages=1", "nothing=1", "speed=100"]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    learning_examples.quick(monkeypatch)


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, small_mnist: Path) -> Run:
    """`learn` with more words."""
    url = f"sqlite:///{tmp_path}/kept.sqlite"
    gates = [word for gate in QUICK for word in ("--gate", gate)]
    where = ["--mnist", str(small_mnist), "--out", str(tmp_path / "runs"), "--device", "cpu"]
    return lambda *words: CliRunner().invoke(main, ["learn", *where, *gates, "--store", url, *words])


@pytest.mark.usefixtures("quick")
def test_labels_make_a_candidate_with_a_report_that_is_promoted_if_it_passed(
    store: Store, label: Label, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_PREDICT_DATA", str(tmp_path / "data"))
    label(24, by="ann")
    result = run("--gate", "least_gain=0")
    assert result.exit_code in (0, 1), result.output
    (folder,) = (tmp_path / "runs").glob("reader-*[0-9a-f]")
    version = open_version(folder)
    assert version.name == version_name((folder / part / "weights.safetensors").read_bytes() for part in PARTS)
    assert named(store, "candidate") == version.name
    told = json.loads((folder / "learned.json").read_text())
    assert told["learned"]["start"] == open_version().name
    assert told["learned"]["trained"] + told["learned"]["held_out"] + len(told["learned"]["doubtful"]) == 24
    assert told["gate"]["sets"]["mnist"]["n"] == 20
    assert told["gate"]["checks"][0]["name"] == "MNIST's held-out part"
    page = (tmp_path / "runs" / f"{version.name}.html").read_text()
    assert version.name in page
    assert "It learned from" in page
    assert not list((tmp_path / "runs").glob("*.checkpoint"))
    assert (result.exit_code == 0) == told["gate"]["passed"]
    words = str(told)
    assert ".png" not in words  # what a version tells outlives what is erased: no names, and no pictures beside it
    assert not list(folder.rglob("*.jpg"))
    again = unpack(pack(version), version.name, tmp_path / "there")
    assert open_recognizer(str(again.folder)).model_version == version.name
    if told["gate"]["passed"]:
        promote(store, version.name, "")
        assert standing(store).reading == version.name


def test_learning_that_was_broken_off_goes_on_from_its_checkpoint(
    store: Store, label: Label, small_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    label(20)
    monkeypatch.setattr(doubting, "STEPS", 0)
    shipped = open_version().folder / "line/model.onnx"
    monkeypatch.setattr(export, "write_onnx", lambda _, path: shutil.copy(shipped, path))  # it is not looked at
    gate = Thresholds(mnist=5, test=0, pages=1, nothing=1)
    task = Task(small_mnist, tmp_path / "runs", device="cpu", recipe=Recipe(epochs=2, strips=64), gate=gate)
    stages: list[tuple[str, float]] = []

    def stop(stage: str, done: float, of: float) -> None:
        if stage == "training" and done > 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(of_store(store), open_version(), task, stop)
    assert len(list((tmp_path / "runs").glob("learn-*.checkpoint"))) == 1
    made = learn(of_store(store), open_version(), task, lambda stage, done, of: stages.append((stage, done)))
    assert min(done for stage, done in stages if stage == "training") > 1  # the first epoch is not trained again
    assert made.version.folder.is_dir()


def test_wrong_labels_are_told_from_right_ones(store: Store, label: Label, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubting, "STEPS", 2)
    label(40, seed=1)
    rng = random.Random(5)
    label(6, lambda number: str((int(number) + rng.randrange(100, 900)) % 1000).zfill(3), seed=2)
    dataset = of_store(store)
    shown = _shown(dataset, open_version(), lambda *_: None)
    found = {doubt.picture.key for doubt in doubts(open_version(), dataset.train, shown, 1)}
    wrong = {one.key for one in dataset.train if not one.confirmed}
    assert len(found & wrong) >= 0.7 * len(wrong)
    assert len(found - wrong) <= 2


def test_a_candidate_whose_weights_are_spoilt_does_not_pass(tmp_path: Path, small_mnist: Path) -> None:
    champion = open_version()
    network = LineNetwork()
    network.load_state_dict(export.load_weights(champion, "line"))
    with torch.no_grad():
        random_numbers = torch.Generator().manual_seed(1)
        for value in network.parameters():
            if value.ndim > 1:
                value.add_(0.3 * value.std() * torch.randn(value.shape, generator=random_numbers))
    report = champion.report("line")
    spoilt = export.write_version(network, "line", report, tmp_path, champion)
    judged = judge(champion, spoilt, [], small_mnist, Thresholds(mnist=30, test=0, pages=4, nothing=1))
    assert not judged.passed
    assert not judged.report["checks"][1]["passed"]  # nothing held out, so nothing is known to be better


def test_with_too_few_labels_or_wrong_words_learning_says_so(store: Store, run: Run) -> None:
    store.add(record_of())
    few = run()
    assert (few.exit_code, "learning begins with 20" in few.stderr) == (2, True)
    for words, says in ((["--gate", "nonsense=1"], "NAME one of"), (["--every", "often"], "such as 30m")):
        wrong = run(*words)
        assert (wrong.exit_code, says in wrong.stderr) == (2, True)


def test_new_labels_that_are_not_enough_are_waited_for(
    store: Store, label: Label, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    label(20)
    monkeypatch.setattr("mnist_predict.review.ENOUGH", 30)

    def stop(seconds: float) -> None:
        assert seconds == 24 * 3600
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", stop)
    result = run("--every", "1d")
    assert "20 new labels" in result.stdout
    assert standing(store).candidate is None


def test_nothing_is_learned_from_pictures_without_a_number(tmp_path: Path, small_mnist: Path) -> None:
    nothing = [LabelledPicture(f"{at:064x}", "12", None, "2026-11-27T10:00:00Z", False) for at in range(20)]
    dataset = Dataset(nothing, [], lambda one: b"no picture")
    with pytest.raises(BadRequest, match="Only 0 labels"):
        learn(dataset, open_version(), Task(small_mnist, tmp_path, device="cpu", recipe=Recipe(epochs=1, strips=64)))


def test_a_store_that_is_not_there_yet_is_asked_again_soon(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def stop(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", stop)
    result = run("--every", "1d")
    assert "store" in result.stderr
    assert waited == [60, 60]
