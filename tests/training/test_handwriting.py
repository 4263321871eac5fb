"""Archives of other handwriting to train on."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from mnist_predict.errors import BadRequest
from mnist_predict.training import handwriting
from mnist_predict.training.synthesis import real
from mnist_predict.training.synthesis.paper import Papers
from mnist_predict.training.synthesis.shapes import bank
from mnist_predict.training.synthesis.style import HEIGHT
from mnist_predict.vision.read.alphabet import MARKS, OTHER

HANDS = [f"writer {n}" for n in range(40)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Digits and numbers as pictures, and as strokes."""
    rows = ["image_name,label,hand"]
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        for at, hand in enumerate(HANDS):
            for label in (str(at % 10), "375", "12.50"):
                page = np.full((40, 24 * len(label)), 230, np.uint8)
                cv2.putText(page, label, (2, 32), cv2.FONT_HERSHEY_SIMPLEX, 1, 20, 2)
                archive.writestr(f"{at}-{label}.png", cv2.imencode(".png", page)[1].tobytes())
                rows.append(f"{at}-{label}.png,{label},{hand}")
        archive.writestr("labels.csv", "\n".join(rows))
    with gzip.open(tmp_path / "strokes.jsonl.gz", "wt") as file:
        for hand in HANDS:
            for label in ("7", "77"):
                strokes = [[[0, 0], [400, 0], [200, 1000]], [[500, 0], [900, 0], [700, 1000]]][: len(label)]
                file.write(json.dumps({"label": label, "hand": hand, "country": "US", "strokes": strokes}) + "\n")
    return tmp_path


def test_a_hand_is_trained_on_or_held_out_never_both(folder: Path) -> None:
    trained, held_out = (
        {sample.hand for some in (handwriting.digits, handwriting.numbers) for sample in some(folder, held)}
        for held in (False, True)
    )
    assert trained | held_out == set(HANDS)
    assert not trained & held_out
    assert 1 <= len(held_out) <= 12


def test_what_no_one_can_learn_is_left_out_and_what_repeats_is_capped(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handwriting, "PER_LABEL", 5)
    found = handwriting.numbers(folder, False)
    assert sorted({sample.label for sample in found}) == ["375", "77"]  # 12.50 has a mark where digits are labelled
    assert len(found) == 10


def test_digits_become_shapes_of_their_hands(folder: Path) -> None:
    samples = handwriting.digits(folder, False)
    shapes = bank.of_samples(samples)
    assert shapes.labels.tolist() == [int(sample.label) for sample in samples]
    assert len(shapes.all_hands) == len({sample.hand for sample in samples})
    assert all(0 < h <= bank.SIDE and 0 < w <= bank.SIDE for _, _, w, h in shapes.boxes.tolist())
    assert ((shapes.outlines < 128).sum((1, 2)) > 20).all()


def test_numbers_become_strips_on_which_marks_may_stand_unlabelled(folder: Path) -> None:
    rng = np.random.default_rng(1)
    papers = Papers(HEIGHT, None, rng)
    samples = handwriting.numbers(folder, False)
    made = [real.strip(samples, papers, rng, 0.1) for _ in range(60)]
    assert {one.label for one in made} == {"375", "77"}
    for strip, label, loose, _ in made:
        assert strip.dtype == np.uint8
        assert strip.shape[0] == HEIGHT
        assert np.ptp(strip) > 20
        assert set(loose) >= (set(MARKS) if label == "375" else {OTHER})


def test_a_folder_without_archives_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none here")
    with pytest.raises(BadRequest, match="no digits"):
        handwriting.digits(tmp_path, False)
    assert handwriting.names(tmp_path) == []


def test_a_broken_picture_is_passed_over(tmp_path: Path) -> None:
    page = io.BytesIO()
    with zipfile.ZipFile(page, "w") as archive:
        archive.writestr("a.png", b"no picture")
        archive.writestr("labels.csv", "image_name,label,hand\na.png,7,writer 0\n")
    (tmp_path / "some.zip").write_bytes(page.getvalue())
    with pytest.raises(BadRequest):
        handwriting.digits(tmp_path, False)
