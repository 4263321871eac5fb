"""The documents say what the code does."""

import re
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest
from scripts import script

from mnist_predict.errors import BadRequest
from mnist_predict.settings import Settings, variable
from mnist_predict.training.evaluation import evaluate as evaluation
from mnist_predict.training.evaluation import sets


@pytest.fixture(scope="module")
def generate(root: Path) -> ModuleType:
    return script(root / "tools/generate.py")


@pytest.fixture
def measured(
    root: Path, tmp_path: Path, png_of: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], str]:
    """What `make evaluate` makes of a document, with one or a few pictures of every set."""
    evaluate = script(root / "tools/evaluate.py")
    few = tmp_path / "sets/few"
    few.mkdir(parents=True)
    (few / "a.png").write_bytes(png_of("4072"))
    (few / "labels.csv").write_text("image_name,label\na.png,4072\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/accuracy.md").write_text("before\n<!-- figures -->\nyesterday\n<!-- /figures -->\nbehind\n")
    seven = [("seven", "7", lambda reader: reader.read(png_of("7")))]
    whole = {"samples": lambda folder: seven if folder == evaluate.MNIST else evaluation.samples(folder)}
    fewer = {
        "ROOT": tmp_path,
        "EACH": 0,
        "NOTHING": 1,
        "SPOILT": 1,
        "ENOUGH": 1,
        "STRIPS": 8,
        "held_out": lambda: seven,
    }
    for name, value in (fewer | whole).items():
        monkeypatch.setattr(evaluate, name, value)
    monkeypatch.setattr(evaluate.strips, "DRAWN", 2600)
    monkeypatch.setattr(evaluate.strips, "DISPLAYS", 10)
    monkeypatch.setattr(sys, "argv", ["evaluate.py", str(few.parent)])

    def document() -> str:
        evaluate.main()
        return (tmp_path / "docs/accuracy.md").read_text()

    return document


def test_evaluate_writes_every_set_into_the_document(measured: Callable[[], str], tmp_path: Path) -> None:
    text = measured()
    assert text.startswith("before\n<!-- figures -->\nMeasured")
    assert text.endswith("<!-- /figures -->\nbehind\n")
    assert "yesterday" not in text
    assert "| few | 1 | 100.00 (20.7 to 100.0) | 100.00 | 0 | 0 |" in text
    assert all(f"\n| {kind} | " in text for kind in sets.drawable())
    assert "zigzag* " in text
    assert (tmp_path / "docs/coverage.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("no_fonts")
def test_evaluate_says_what_it_did_not_measure_for_want_of_fonts(measured: Callable[[], str]) -> None:
    text = measured()
    assert "Not measured, as every installed font was trained on: letters, lookalikes, symbols, words." in text
    assert "\n| letters | " not in text
    assert "\n| scribbles | " in text


def test_the_settings_in_the_readme_are_those_of_the_code(root: Path, generate: ModuleType) -> None:
    text = (root / "README.md").read_text()
    assert text == generate.readme(text), "run make docs"
    for field in fields(Settings):
        assert f"`{variable(field.name)}`" in text


def test_the_commands_in_the_docs_are_those_of_the_code(root: Path, generate: ModuleType) -> None:
    assert (root / "docs/cli.md").read_text() == generate.commands(), "run make docs"


def test_every_make_target_that_the_readme_names_exists(root: Path) -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", (root / "Makefile").read_text()))
    assert set(re.findall(r"make ([a-z]+)", (root / "README.md").read_text())) <= targets


def test_settings_without_an_environment_are_the_defaults() -> None:
    settings = Settings.from_environment({"MNIST_PREDICT_PORT": ""})
    assert settings == Settings("instance", "", 1000, "", 0, "127.0.0.1", 4000, 0, "", "", "", 0)
    assert settings.store_url == "sqlite:///instance/mnist_predict.sqlite"


def test_the_data_folder_holds_the_store_unless_that_is_named() -> None:
    settings = Settings.from_environment({"MNIST_PREDICT_DATA": "/data"})
    assert settings.store_url == "sqlite:////data/mnist_predict.sqlite"
    assert settings.but(data="else where").store_url == "sqlite:///else where/mnist_predict.sqlite"
    assert settings.but(data="elsewhere", store="sqlite:///a.sqlite").store_url == "sqlite:///a.sqlite"
    named = Settings.from_environment({"MNIST_PREDICT_STORE": "sqlite:///a.sqlite"})
    assert named.but(data="elsewhere").store_url == "sqlite:///a.sqlite"


@pytest.mark.parametrize("value", ["http", "-1", "65536", "4000.0", "٤"])
def test_a_port_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(BadRequest, match="MNIST_PREDICT_PORT must be a whole number from 0 to 65535"):
        Settings.from_environment({"MNIST_PREDICT_PORT": value})
