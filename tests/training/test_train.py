"""`train new` and `train continue` as a person runs them, on a small MNIST."""

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import load_file

from mnist_predict.cli.main import main
from mnist_predict.errors import BadRequest
from mnist_predict.models.registry import PARTS, Version, open_version
from mnist_predict.training import export, steps
from mnist_predict.training import mnist as dataset
from mnist_predict.training.digit import train
from mnist_predict.training.digit.network import Network
from mnist_predict.training.evaluation import calibrate
from mnist_predict.training.line import batches
from mnist_predict.training.line import train as line
from mnist_predict.training.line.network import LineNetwork
from mnist_predict.training.page import batches as pages
from mnist_predict.training.page import train as page
from mnist_predict.training.page.network import PageNetwork
from mnist_predict.vision.find.page import CELL
from mnist_predict.vision.read.alphabet import CLASSES

pytestmark = pytest.mark.usefixtures("small_split")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["train", *map(str, words)])


def only_version(out: Path) -> Version:
    (folder,) = out.glob("reader-*")
    return open_version(folder)


def name_of(version: Version) -> str:
    weights = [(version.folder / part / "weights.safetensors").read_bytes() for part in PARTS]
    return f"reader-{hashlib.sha256(b''.join(weights)).hexdigest()[:10]}"


@pytest.fixture(scope="module")
def trained(
    small_mnist: Path, make_small: Callable[[pytest.MonkeyPatch], None], tmp_path_factory: pytest.TempPathFactory
) -> Version:
    """A version trained for two epochs, made once for the tests that look at it."""
    out = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        result = run("new", "--data", small_mnist, "--out", out, "--epochs", 2, "--device", "cpu", "--seed", 3)
    assert result.exit_code == 0, result.stderr
    assert re.search(r"epoch 2: loss \d\.\d+, validation \d+\.\d+%", result.stderr)
    assert re.search(r"reader-[0-9a-f]{10}: \d+\.\d+% on the test set", result.stdout.replace("\n", ""))
    return only_version(out)


def opened(path: Path) -> onnxruntime.InferenceSession:
    """A model as it is served; in one thread, as `make test` has work for the other core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def shipped_onnx(_: object, path: Path) -> None:
    """In place of `write_onnx`, which takes long, where a test does not look at what it writes."""
    shutil.copy(open_version().folder / path.parent.name / "model.onnx", path)


@pytest.fixture
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "write_onnx", shipped_onnx)


def test_a_version_is_named_by_its_weights_and_tells_how_it_was_made(trained: Version) -> None:
    assert {part.name for part in trained.folder.iterdir()} == set(PARTS)
    folder = trained.folder / "digits"
    assert {file.name for file in folder.iterdir()} == {
        "weights.safetensors",
        "model.onnx",
        "report.json",
        "curves.png",
        "confusion.png",
        "README.md",
    }
    assert trained.name == name_of(trained)
    report = trained.report("digits")
    assert report["recipe"]["seed"] == 3
    assert len(report["history"]) == 2
    assert report["validation"]["n"] == 100
    low, high = report["test"]["interval_95"]
    assert low <= report["test"]["accuracy"] <= high
    assert f"{report['test']['accuracy']:.2%}" in (folder / "README.md").read_text()
    assert b"site-packages" not in (folder / "model.onnx").read_bytes()  # no paths of the machine that trained it
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("no_export")
def test_going_on_without_a_version_starts_at_the_shipped_weights(small_mnist: Path, tmp_path: Path) -> None:
    result = run("continue", "--out", tmp_path, "--data", small_mnist, "--epochs", 1, "--device", "cpu")
    assert result.exit_code == 0, result.stderr
    report = only_version(tmp_path).report("digits")
    assert report["recipe"]["start"] == open_version().name
    assert report["history"][0]["loss"] < 1  # new weights begin at 2.3
    assert report["history"][0]["validation_accuracy"] > 0.9


@pytest.mark.usefixtures("no_export")
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
    assert not list(tmp_path.glob("reader-*"))

    resumed = run(*words, "--resume")
    assert resumed.exit_code == 0, resumed.stderr
    ours, theirs = (load_file(v.folder / "digits/weights.safetensors") for v in (only_version(tmp_path), trained))
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
        steps.find_device("abacus")
    assert steps.find_device().type in {"cuda", "mps", "cpu"}


def test_a_folder_without_weights_cannot_be_gone_on_from(trained: Version, tmp_path: Path) -> None:
    shutil.copytree(trained.folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "digits/weights.safetensors").unlink()
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
        export.write_version(network, "digits", trained.report("digits"), tmp_path, trained)
    assert not list(tmp_path.iterdir())


def test_an_equal_version_is_left_as_it_is(trained: Version) -> None:
    before = {file: file.stat().st_mtime_ns for file in trained.folder.rglob("*")}
    network = Network()
    network.load_state_dict(export.load_weights(trained, "digits"))
    report = trained.report("digits")
    assert export.write_version(network, "digits", report, trained.folder.parent, trained) == trained
    assert before == {file: file.stat().st_mtime_ns for file in trained.folder.rglob("*")}


def test_the_shipped_onnx_and_its_weights_agree(mnist_test: tuple[dataset.Bytes, dataset.Bytes]) -> None:
    version = open_version()
    network = Network().eval()
    network.load_state_dict(export.load_weights(version, "digits"))
    pictures = mnist_test[0][:1000, None].astype(np.float32) / 255
    session = opened(version.folder / "digits/model.onnx")
    served = session.run(["probabilities"], {"pictures": pictures})[0]
    with torch.inference_mode():
        expected = network.calibrated(torch.from_numpy(pictures)).numpy()
    assert np.abs(served - expected).mean() < 1e-3  # what is served is rounded to 8 bits
    assert (served.argmax(1) == expected.argmax(1)).mean() >= 0.999


def test_the_shipped_version_is_what_its_report_says(
    mnist_test: tuple[dataset.Bytes, dataset.Bytes], root: Path
) -> None:
    version = open_version()
    assert version.name == name_of(version)
    sizes = [file.stat().st_size for file in version.folder.rglob("*.*")]
    assert max(sizes) <= 5_000_000
    assert sum(sizes) <= 8_000_000
    report = version.report("digits")
    assert report["data_sha256"] == dataset.hashes(root / "data/mnist")
    pictures, labels = mnist_test
    parts = [part[:, None].astype(np.float32) / 255 for part in np.array_split(pictures, 20)]
    session = opened(version.folder / "digits/model.onnx")
    read = np.concatenate([session.run(["probabilities"], {"pictures": part})[0].argmax(1) for part in parts])
    assert (read == labels).mean() == pytest.approx(report["test"]["accuracy"], abs=2e-4)
    assert report["test"]["accuracy"] >= 0.995
    assert report["test"]["auroc"] >= 0.98


@pytest.fixture
def small_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line recipe of 64 strips an epoch, drawn from few shapes."""

    @dataclass(frozen=True)
    class Small(line.Recipe):
        strips: int = 64

    monkeypatch.setattr(line, "Recipe", Small)
    monkeypatch.setattr(line, "VALIDATION", 40)
    monkeypatch.setattr(calibrate, "CALIBRATION", 40)
    monkeypatch.setattr(batches, "CHUNK", 32)


@pytest.mark.usefixtures("small_strips")
def test_a_line_network_is_trained_with_the_same_commands(
    small_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = "line"
    words = (part, "--data", small_mnist, "--out", tmp_path, "--epochs", 1, "--device", "cpu")
    result = run("new", *words)
    assert result.exit_code == 0, result.stderr
    first = only_version(tmp_path)
    assert first.name == name_of(first)
    report = first.report(part)
    assert report["recipe"]["strips"] == 64
    assert report["validation"]["n"] == 40
    assert (first.folder / part / "README.md").read_text().startswith("# Line network")
    # The other networks are those of the version it started at.
    for other in set(PARTS) - {part}:
        shipped = (open_version().folder / other / "weights.safetensors").read_bytes()
        assert (first.folder / other / "weights.safetensors").read_bytes() == shipped

    monkeypatch.setattr(export, "write_onnx", shipped_onnx)
    result = run("continue", *words[:-4], "--epochs", 1, "--device", "cpu", "--from", first.folder)
    assert result.exit_code == 0, result.stderr
    (second,) = set(tmp_path.glob("reader-*")) - {first.folder}
    assert open_version(second).report(part)["recipe"]["start"] == first.name


@pytest.mark.usefixtures("small_strips")
def test_strips_are_the_same_for_the_same_seed_wherever_a_run_goes_on(small_mnist: Path) -> None:
    of = batches.open_source(small_mnist, None, False, 1)

    def some(first: int, count: int) -> list[tuple[bytes, tuple[str, ...]]]:
        source = batches.supply(of, 1, first, 0)
        made: list[tuple[bytes, tuple[str, ...]]] = []
        seen = 0
        while seen < count:
            batch = next(source)
            made.append((batch.strips.tobytes(), tuple(batch.labels)))
            seen += len(batch.labels)
        source.close()
        return made

    whole = some(0, 64)
    assert some(1, 32) == whole[-len(some(1, 32)) :]


def test_departure_counts_where_strips_are_synthesized_and_not_where_people_labelled_them() -> None:
    said = torch.log_softmax(torch.randn(2, 10, CLASSES, generator=torch.Generator().manual_seed(1)), 2)
    other, strips = torch.roll(said, 1, 2), torch.zeros(2, 1, 32, 20)
    batch = batches.Batch(np.zeros((2, 32, 20), np.uint8), ["47", "1234"], ["", ""], [False, True])

    def away(output: torch.Tensor) -> float:
        return float(line.departure(output, strips, batch, lambda shown: said[: len(shown)]))

    assert away(said) == pytest.approx(0, abs=1e-6)
    assert away(other) > 1
    assert away(torch.stack([said[0], other[1]])) == pytest.approx(0, abs=1e-6)


def test_the_shipped_line_onnx_and_its_weights_agree_at_any_width(
    mnist_test: tuple[dataset.Bytes, dataset.Bytes],
) -> None:
    version, part = open_version(), "line"
    network = LineNetwork().eval()
    network.load_state_dict(export.load_weights(version, part))
    session = opened(version.folder / part / "model.onnx")
    for count, width in ((1, 12), (3, 196)):
        row = np.pad(np.hstack(mnist_test[0][:7]), ((2, 2), (0, 0)))[:, :width]
        pictures = np.stack([row] * count)[:, None].astype(np.float32) / 255
        served = session.run(["log_probabilities"], {"strips": pictures})[0]
        assert served.shape == (count, width // 2, CLASSES)
        with torch.inference_mode():
            expected = network.calibrated(torch.from_numpy(pictures)).numpy()
        assert np.abs(np.exp(served) - np.exp(expected)).mean() < 2e-3


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page recipe of 4 batches an epoch, of small pages."""

    @dataclass(frozen=True)
    class Small(page.Recipe):
        batches: int = 4

    monkeypatch.setattr(page, "Recipe", Small)
    monkeypatch.setattr(page, "VALIDATION", 2)
    monkeypatch.setattr(calibrate, "PAGES", 3)
    monkeypatch.setattr(pages, "AREA", 64 * 64)


@pytest.mark.usefixtures("small_pages")
def test_a_page_network_is_trained_with_the_same_commands(
    small_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = "page"
    words = (part, "--data", small_mnist, "--out", tmp_path, "--epochs", 1, "--device", "cpu")
    result = run("new", *words)
    assert result.exit_code == 0, result.stderr
    version = only_version(tmp_path)
    report = version.report(part)
    assert report["recipe"]["batches"] == 4
    assert report["history"][0]["pages"] >= 8
    validation = report["validation"]
    assert 0 <= validation["accuracy"] <= 1
    assert validation["false"] <= validation["seen"]
    assert (version.folder / part / "README.md").read_text().startswith("# Page network")
    monkeypatch.setattr(export, "write_onnx", shipped_onnx)
    result = run("continue", *words, "--from", version.folder)
    assert result.exit_code == 0, result.stderr
    (second,) = set(tmp_path.glob("reader-*")) - {version.folder}
    assert open_version(second).report(part)["recipe"]["start"] == version.name


@pytest.mark.usefixtures("small_pages")
def test_pages_are_the_same_for_the_same_seed_wherever_a_run_goes_on(small_mnist: Path) -> None:
    of = batches.open_source(small_mnist, None, False, 1)

    def some(epoch: int, count: int) -> list[bytes]:
        source = pages.supply(of, 1, epoch, 2)
        made = [next(source).pages.tobytes() for _ in range(count)]
        source.close()
        return made

    assert some(0, 4)[2:] == some(1, 2)


def test_the_page_loss_is_least_where_the_maps_are_right_and_blind_where_it_does_not_matter() -> None:
    target = torch.zeros(1, 5, 16, 16)
    target[:, 0, 6:9, 3:12] = 1
    target[:, 4] = 1
    right = torch.zeros(1, 4, 16, 16)
    right[:, 0] = 20 * target[:, 0] - 10
    assert page.loss(right, target) < 0.01
    missing, tall = right.clone(), right.clone()
    missing[:, 0] = -10
    tall[:, 1] = 0.5
    assert page.loss(missing, target) > 1
    assert page.loss(tall, target) == pytest.approx(float(page.loss(right, target)) + 0.5)
    more = right.clone()
    more[:, 0, 0:3] = 10
    blind = target.clone()
    blind[:, 4, 0:3] = 0
    assert page.loss(more, target) > 1
    assert page.loss(more, blind) < 0.01


def test_the_shipped_page_onnx_and_its_weights_agree_at_any_size(
    mnist_test: tuple[dataset.Bytes, dataset.Bytes],
) -> None:
    version, part = open_version(), "page"
    network = PageNetwork().eval()
    network.load_state_dict(export.load_weights(version, part))
    session = opened(version.folder / part / "model.onnx")
    for count, height, width in ((1, 32, 64), (2, 96, 160)):
        pictures = np.zeros((count, 1, height, width), np.float32)
        pictures[:, 0, 2:30, 4:60] = np.hstack(mnist_test[0][:2]) / 255
        served = session.run(["maps"], {"pages": pictures})[0]
        assert served.shape == (count, 4, height // CELL, width // CELL)
        with torch.inference_mode():
            expected = network.calibrated(torch.from_numpy(pictures)).numpy()
        assert np.abs(served - expected)[:, 0].mean() < 0.01  # probabilities of kernels, rounded to 8 bits
