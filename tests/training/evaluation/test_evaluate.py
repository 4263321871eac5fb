"""`evaluate` as a person runs it, on folders with known answers."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from mnist_predict.cli.main import main
from mnist_predict.models.registry import open_version


def evaluate(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["evaluate", *map(str, words)])


@pytest.fixture
def listed(png_of: Callable[[str], bytes], tmp_path: Path) -> Path:
    """Two numbers with their labels, one with another, a blank page, and a file that is no picture."""
    rows = {"a.png": "4072", "b.png": "31", "wrong.png": "99", "blank.png": "5", "text.png": "7"}
    for name, number in {"a.png": "4072", "b.png": "31", "wrong.png": "08", "blank.png": ""}.items():
        (tmp_path / name).write_bytes(png_of(number))
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "labels.csv").write_text("image_name,label\n" + "".join(f"{n},{t}\n" for n, t in rows.items()))
    return tmp_path


def test_every_figure_of_a_labelled_folder(listed: Path) -> None:
    result = evaluate(listed, "--json")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["n"] == 5
    assert report["exact_match"] == pytest.approx(0.4)
    assert report["no_number"] == 2
    assert report["length_errors"] == 0
    assert report["digit_accuracy"] == pytest.approx(1 - 4 / 10)  # 99 as 08, and two left out
    confusion = np.array(report["confusion"])
    assert confusion.sum() == 8  # of 4072, 31 and 99
    assert confusion[9].tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 1, 0]
    assert len(report["confidences"]) == 5
    assert report["error_at_80"] == pytest.approx(0.5)  # of the surest four two are right
    assert report["risk_coverage"][-1] == [1.0, pytest.approx(0.6)]
    assert sum(count for _, _, count in report["reliability"]) == 5
    assert [row[:3] for row in report["wrong"]] == [
        ["wrong.png", "99", "08"],
        ["blank.png", "5", ""],
        ["text.png", "7", ""],
    ]
    assert report["model_version"] == open_version().name
    assert report["seconds_per_picture"] > 0
    assert 0.1 < report["ece"] < 0.5  # of five, one sure error
    assert 0.5 < report["auroc"] <= 1
    assert report["nll"] > 5  # three of five labels were given next to nothing
    assert report["interval_95"][0] < 0.4 < report["interval_95"][1]


def test_for_people_the_surest_errors_come_first(listed: Path) -> None:
    text = evaluate(listed).stdout
    assert "exact match          40.00% of 5" in text
    assert "digits right         60.00%" in text
    assert "error, surest 80 %   50.00%" in text
    assert text.index("wrong.png: 99 read as 08") < text.index("blank.png: 5 read as nothing")


def test_a_number_read_too_long_is_a_length_error(png_of: Callable[[str], bytes], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_of("4072"))
    (tmp_path / "labels.csv").write_text("image_name,label\na.png,407\n")
    report = json.loads(evaluate(tmp_path, "--json").stdout)
    assert (report["length_errors"], report["digit_accuracy"]) == (1, pytest.approx(2 / 3))
    assert np.array(report["confusion"]).sum() == 0


def test_errors_over_coverage_are_drawn(listed: Path, tmp_path: Path) -> None:
    assert evaluate(listed, "--plot", tmp_path / "plot.png").exit_code == 0
    assert Image.open(tmp_path / "plot.png").width > 600


def test_mnists_test_set_is_read_by_the_whole_way(small_mnist: Path) -> None:
    report = json.loads(evaluate(small_mnist, "--json").stdout)
    assert report["n"] == 200
    assert report["exact_match"] >= 0.98


def test_a_set_read_without_error_has_no_separation_to_tell(png_of: Callable[[str], bytes], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_of("4072"))
    (tmp_path / "labels.csv").write_text("image_name,label\na.png,4072\n")
    assert json.loads(evaluate(tmp_path, "--json").stdout)["auroc"] is None
    assert "right from wrong     -" in evaluate(tmp_path).stdout


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "neither labels.csv"),
        ("", "must begin with the line image_name,label"),
        ("name,number\na.png,7\n", "must begin with the line image_name,label"),
        ("image_name,label\n", "names no picture"),
        ("image_name,label\nlost.png,7\n", "names 'lost.png', which is not there"),
        ("image_name,label\nlabels.csv,seven\n", "which is no number"),
        ("image_name,label\nlabels.csv\n", "without a label"),
    ],
)
def test_a_folder_that_cannot_be_measured_says_why(tmp_path: Path, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / "labels.csv").write_text(text)
    result = evaluate(tmp_path)
    assert result.exit_code == 2
    assert says in result.stderr
