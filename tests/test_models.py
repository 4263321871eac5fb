"""A model version that is not whole is told of in words, wherever it is used."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from mnist_predict.cli.main import main
from mnist_predict.errors import BadRequest
from mnist_predict.models.registry import open_version
from mnist_predict.vision.read.line import LineReader
from mnist_predict.vision.recognizer import open_recognizer


@pytest.fixture
def version(tmp_path: Path) -> Path:
    """A copy of the version that ships."""
    return Path(shutil.copytree(open_version().folder, tmp_path / "version"))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_network_that_is_cut_short_is_noticed_before_anything_starts(version: Path, share: float) -> None:
    model = version / "line" / "model.onnx"
    model.write_bytes(model.read_bytes()[: int(share * model.stat().st_size)])
    with pytest.raises(BadRequest, match="cut short"):
        open_version(version)


def test_the_command_line_says_so_too(version: Path) -> None:
    model = version / "digits" / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1])
    result = CliRunner().invoke(main, ["predict", "7.png"], env={"MNIST_PREDICT_MODEL": str(version)})
    assert result.exit_code == 2
    assert "cut short" in result.stderr
    assert "Traceback" not in result.output


def test_a_network_that_is_none_is_told_of_in_words(version: Path) -> None:
    (version / "digits" / "model.onnx").write_bytes(b"\x12\x01a" * 1000)
    with pytest.raises(BadRequest, match="damaged"):
        open_recognizer(str(version))


def test_a_network_of_another_alphabet_is_told_of_in_words(version: Path) -> None:
    with pytest.raises(BadRequest, match="of another mnist_predict"):
        LineReader(version / "digits")
