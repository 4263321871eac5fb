"""`train new` and `train continue` as a person runs them, on a small MNIST."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import load_file

from mnist_predict.cli import main
from mnist_predict.errors import BadRequest
from mnist_predict.models.registry import Version, open_version
from mnist_predict.training import dataset, export, train
from mnist_predict.training.network import Network

pytestmark = pytest.mark.usefixtures("small_split")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["train", *map(str, words)])


def only_version(out: Path) -> Version:
    (folder,) = out.glob("digits-*")
    return open_version(folder)


@pytest.fixture(scope="module")
def trained(small_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Version:
    """A version trained for two epochs, made once for the tests that look at it."""
    out = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "HELD_OUT", 100)
        result = run("new", "--data", small_mnist, "--out", out, "--epochs", 2, "--device", "cpu", "--seed", 3)
    assert result.exit_code == 0, result.stderr
    assert re.search(r"epoch 2: loss \d\.\d+, validation \d+\.\d+%", result.stderr)
    assert re.search(r"digits-[0-9a-f]{10}: \d+\.\d+% on the test set", result.stdout.replace("\n", ""))
    return only_version(out)


def test_a_version_is_named_by_its_weights_and_tells_how_it_was_made(trained: Version) -> None:
    folder = trained.folder
    assert {file.name for file in folder.iterdir()} == {
        "weights.safetensors",
        "model.onnx",
        "report.json",
        "curves.png",
        "confusion.png",
        "README.md",
    }
    assert trained.name == "digits-" + hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()[:10]
    report = trained.report
    assert report["recipe"]["seed"] == 3
    assert len(report["history"]) == 2
    assert report["validation"]["n"] == 100
    low, high = report["test"]["interval_95"]
    assert low <= report["test"]["accuracy"] <= high
    assert trained.name in (folder / "README.md").read_text()
    assert b"site-packages" not in (folder / "model.onnx").read_bytes()  # no paths of the machine that trained it
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_going_on_without_a_version_starts_at_the_shipped_weights(small_mnist: Path, tmp_path: Path) -> None:
    result = run("continue", "--out", tmp_path, "--data", small_mnist, "--epochs", 1, "--device", "cpu")
    assert result.exit_code == 0, result.stderr
    report = only_version(tmp_path).report
    assert report["recipe"]["start"] == open_version().name
    assert report["history"][0]["loss"] < 1  # new weights begin at 2.3
    assert report["history"][0]["validation_accuracy"] > 0.9


def test_a_run_that_was_stopped_and_resumed_ends_where_it_would_have(
    trained: Version, small_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("new", "--data", small_mnist, "--out", tmp_path, "--epochs", 2, "--device", "cpu", "--seed", 3)
    step = train._step
    calls = 0

    def step_until_interrupted(*given: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 9:  # 800 pictures are 6 steps: in the midst of the second epoch
            raise KeyboardInterrupt
        return step(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(train, "_step", step_until_interrupted)
        stopped = run(*words)
    assert stopped.exit_code == 130
    assert "after epoch 1" in stopped.stderr
    assert not list(tmp_path.glob("digits-*"))

    resumed = run(*words, "--resume")
    assert resumed.exit_code == 0, resumed.stderr
    ours, theirs = (load_file(v.folder / "weights.safetensors") for v in (only_version(tmp_path), trained))
    for name, weights in theirs.items():
        torch.testing.assert_close(ours[name], weights, rtol=1e-3, atol=1e-4)
    assert not list(tmp_path.glob("*.checkpoint"))


def test_nothing_to_resume_is_said(small_mnist: Path, tmp_path: Path) -> None:
    result = run("new", "--data", small_mnist, "--out", tmp_path, "--resume", "--device", "cpu")
    assert result.exit_code == 2
    assert "not a checkpoint to resume from" in result.stderr


def test_missing_data_is_said_before_any_training(tmp_path: Path) -> None:
    result = run("new", "--data", tmp_path, "--out", tmp_path / "runs", "--device", "cpu")
    assert result.exit_code == 2
    assert "lacks train-images-idx3-ubyte" in result.stderr


def test_a_device_that_is_not_there_is_said() -> None:
    with pytest.raises(BadRequest, match="--device cpu"):
        train.find_device("abacus")
    assert train.find_device().type in {"cuda", "mps", "cpu"}


def test_a_folder_without_weights_cannot_be_gone_on_from(trained: Version, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes((trained.folder / "model.onnx").read_bytes())
    result = run("continue", "--from", tmp_path)
    assert result.exit_code == 2
    assert "no weights.safetensors" in result.stderr


def test_a_version_that_cannot_be_written_whole_is_not_there_at_all(
    trained: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Network()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "write_onnx", fail)
    with pytest.raises(OSError, match="No space"):
        export.write_version(network, trained.report, tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_equal_version_is_left_as_it_is(trained: Version) -> None:
    before = {file: file.stat().st_mtime_ns for file in trained.folder.iterdir()}
    network = Network()
    network.load_state_dict(export.load_weights(trained))
    assert export.write_version(network, trained.report, trained.folder.parent) == trained
    assert before == {file: file.stat().st_mtime_ns for file in trained.folder.iterdir()}


def test_the_shipped_onnx_and_its_weights_agree(mnist_test: tuple[dataset.Bytes, dataset.Bytes]) -> None:
    version = open_version()
    network = Network().eval()
    network.load_state_dict(export.load_weights(version))
    pictures = mnist_test[0][:1000, None].astype(np.float32) / 255
    session = onnxruntime.InferenceSession(version.folder / "model.onnx", providers=["CPUExecutionProvider"])
    served = session.run(["probabilities"], {"pictures": pictures})[0]
    with torch.inference_mode():
        expected = network.probabilities(torch.from_numpy(pictures)).numpy()
    assert np.abs(served - expected).max() < 1e-4


def test_the_shipped_version_is_what_its_report_says(
    mnist_test: tuple[dataset.Bytes, dataset.Bytes], root: Path
) -> None:
    version = open_version()
    weights = (version.folder / "weights.safetensors").read_bytes()
    assert version.name == "digits-" + hashlib.sha256(weights).hexdigest()[:10]
    assert max(file.stat().st_size for file in version.folder.iterdir()) <= 5_000_000
    report = json.loads((version.folder / "report.json").read_text())
    assert report["data_sha256"] == dataset.hashes(root / "data/mnist")
    network = Network()
    network.load_state_dict(export.load_weights(version))
    pictures, labels = mnist_test
    read = train.logits(network, torch.from_numpy(pictures.copy())).argmax(1).numpy()
    assert (read == labels).mean() == pytest.approx(report["test"]["accuracy"], abs=2e-4)
    assert report["test"]["accuracy"] >= 0.995
    assert report["test"]["auroc"] >= 0.98
