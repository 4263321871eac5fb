"""What strips are made of: shapes, papers and the numbers on them."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from mnist_predict.models.registry import open_version
from mnist_predict.training import supply as supplying
from mnist_predict.training.digit import hard_examples
from mnist_predict.training.line import batches
from mnist_predict.training.synthesis import writing
from mnist_predict.training.synthesis.content import Sign
from mnist_predict.training.synthesis.generator import Synthesis
from mnist_predict.training.synthesis.paper import Papers
from mnist_predict.training.synthesis.shapes import bank, fonts, hands
from mnist_predict.training.synthesis.shapes.bank import Bank
from mnist_predict.training.synthesis.style import HEIGHT, new_hand
from mnist_predict.training.synthesis.writing import LONGEST, Writer
from mnist_predict.vision.read.alphabet import SYMBOLS
from mnist_predict.vision.read.classifier import Classifier
from mnist_predict.vision.read.normalize import normalize


def supply(shapes: Bank, seed: int, plain: float = 0.1) -> Synthesis:
    rng = np.random.default_rng(seed)
    return Synthesis(shapes, Papers(HEIGHT, None, rng), rng, plain)


def test_a_strip_is_a_grey_picture_of_a_number_or_of_none(shapes: Bank) -> None:
    synthesis = supply(shapes, 1)
    made = [synthesis.strip() for _ in range(600)]
    for strip, label, loose, _ in made:
        assert strip.dtype == np.uint8
        assert strip.shape[0] == HEIGHT
        assert 8 <= strip.shape[1] <= LONGEST
        assert set(label + loose) <= set(SYMBOLS)
    assert 6 <= sum(one.label == "" for one in made) <= 100
    assert len({len(one.label) for one in made}) > 5
    assert {symbol for one in made for symbol in one.label} == set(SYMBOLS)
    assert 0.2 < sum(not one.label.isdecimal() for one in made if one.label) / len(made) < 0.6


def test_the_same_seed_gives_the_same_strips(shapes: Bank) -> None:
    one, same, other = (supply(shapes, seed) for seed in (3, 3, 4))
    for _ in range(20):
        strip, again = one.strip(), same.strip()
        assert strip.label == again.label
        assert np.array_equal(strip.strip, again.strip)
    assert any(one.strip().label != other.strip().label for _ in range(20))


def test_a_plain_strip_is_ink_on_clean_paper(shapes: Bank) -> None:
    synthesis = supply(shapes, 5, plain=1.0)
    for _ in range(40):
        strip, label, *_ = synthesis.strip()
        if len(label) > 1:
            assert max((strip == 0).mean(), (strip == 255).mean()) > 0.25  # bare paper, black or white
            assert np.ptp(strip) > 60


@pytest.mark.parametrize("slope", [-0.12, 0.0, 0.12])
def test_however_a_hand_slopes_all_of_a_number_is_on_the_strip(
    shapes: Bank, slope: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(8)
    writer = Writer(shapes, Papers(HEIGHT, None, rng), rng)
    hand = replace(new_hand(8, rng), height=24.0, gap=8.0, slope=slope, joins=0.0)
    monkeypatch.setattr(writing, "new_hand", lambda count, rng: hand)
    counts = []
    for _ in range(20):
        ink = writer.write([Sign(digit) for digit in "80808080"], alone=True).ink
        gaps = np.diff(np.concatenate([[0], (ink.max(0) > 0.4).astype(int), [0]]))
        counts.append(int((gaps == 1).sum()))
    assert np.median(counts) == 8  # digits apart, none outside


def test_a_hand_may_join_its_digits(shapes: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(8)
    writer = Writer(shapes, Papers(HEIGHT, None, rng), rng)
    hand = replace(new_hand(4, rng), height=24.0, gap=8.0, outline=False, radius=1.5)

    def parts(joins: float) -> float:
        monkeypatch.setattr(writing, "new_hand", lambda count, rng: replace(hand, joins=joins))
        inks = [writer.write([Sign("0")] * 4, alone=True).ink for _ in range(20)]
        return float(np.mean([cv2.connectedComponents((ink > 0.4).astype(np.uint8))[0] - 1 for ink in inks]))

    assert parts(1.0) + 0.5 < parts(0.0)


def test_digits_are_seen_as_the_reader_cuts_them_out_and_some_are_none(small_mnist: Path, small_split: None) -> None:
    pictures, labels = hard_examples.digits(small_mnist, None, np.random.default_rng(1))
    assert pictures.shape == (len(labels), 28, 28)
    assert set(labels.tolist()) == {hard_examples.NONE, *range(10)}
    read = Classifier(open_version().folder / "digits").probabilities(pictures[labels >= 0] / np.float32(255)).argmax(1)
    assert (read == labels[labels >= 0]).mean() > 0.8


def test_any_pen_traces_a_shape(shapes: Bank) -> None:
    """The distance to the middle line, cut off at ever larger radii, is the digit in ever broader pens."""
    areas = [(shapes.mnist.skeletons[0] < bank.STEP * radius).sum() for radius in (1, 3, 6, 10)]
    assert areas == sorted(areas)
    assert areas[0] > 0
    inside = shapes.mnist.outlines[0] < 128
    x, y, w, h = shapes.mnist.boxes[0]
    assert cv2.boundingRect(inside.astype(np.uint8)) == (x, y, w, h)


def test_every_national_shape_is_drawn_and_can_be_found_again() -> None:
    drawn = bank.of_strokes(3000, np.random.default_rng(1))
    for digit, ways in hands.SHAPES.items():
        kept = {int(drawn.hands[i]) for i in drawn.of_label(digit)}
        assert kept == {100 * digit + way for way in range(len(ways))}
        assert set(drawn.labels[drawn.of_hand(100 * digit)]) == {digit}


def test_most_drawn_digits_are_what_they_are_called() -> None:
    """The shipped digit network, which saw drawn shapes in training, reads nine of ten."""
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 10, 200).astype(np.uint8)
    classifier = Classifier(open_version().folder / "digits")
    pictures = hands.draw(labels, rng)
    tight = [picture[y : y + h, x : x + w] for picture in pictures for x, y, w, h in [cv2.boundingRect(picture)]]
    read = classifier.probabilities(np.stack([normalize(one) for one in tight])).argmax(1)
    assert (read == labels).mean() > 0.9


def test_fonts_give_digits_only_where_they_are_legible(tmp_path: Path) -> None:
    classifier = Classifier(open_version().folder / "digits")
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    assert fonts.digits(tmp_path / "broken.ttf", classifier) == []
    found = fonts.find()
    if not found:
        pytest.skip("no fonts are installed here")
    legible = [masks for path in found[:40] if (masks := fonts.digits(path, classifier))]
    assert legible
    shapes = bank.of_glyphs((mask, digit, 0) for digit, mask in enumerate(legible[0]))
    assert shapes.labels.tolist() == list(range(10))
    symbols = list(bank.MARKS)
    plain = next(path for path in found if not fonts.is_written(path) and len(list(fonts.marks(path, ".,"))) == 2)
    point, comma = (
        int(np.flatnonzero((outline < 128).any(1)).max())
        for outline in bank.of_printed_marks(fonts.marks(plain, symbols)).outlines[:2]
    )
    assert abs(point - (bank.SIDE + bank.TALL) // 2) <= 4  # on the foot of the digits beside it
    assert comma > point + 2
    beside = fonts.make_words(found, 20, np.random.default_rng(0))
    assert (len(beside.letters), len(beside.texts)) == (30, 20)
    drawn = [beside.draw(np.random.default_rng(seed)) for seed in range(40)]
    assert {mask.shape[0] for mask in drawn} == {24}
    assert any(mask is text for mask in drawn for text in beside.texts)
    assert any(mask is letter for mask in drawn for letter in beside.letters)


def test_batches_hold_every_strip_once_padded_to_the_widest(shapes: Bank) -> None:
    synthesis = supply(shapes, 6)
    made = [synthesis.strip() for _ in range(100)]
    labels: list[str] = []
    for batch in batches.batches(made, np.random.default_rng(0)):
        assert batch.strips.shape[:2] == (len(batch.labels), HEIGHT)
        assert batch.strips.shape[2] % 4 == 0
        labels += batch.labels
    assert sorted(labels) == sorted(one.label for one in made)


def test_that_the_maker_of_strips_died_is_said_and_not_waited_for(
    shapes: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(self: Synthesis) -> tuple[np.ndarray, str]:
        raise MemoryError

    monkeypatch.setattr(Synthesis, "strip", dies)
    monkeypatch.setattr(supplying, "PATIENCE", 0.2)
    source = batches.supply(batches.Source(shapes, None, []), 1, 0, 0)
    with pytest.raises(RuntimeError, match="has died"):
        next(source)


def test_what_is_struck_out_is_labelled_so_and_looks_so(shapes: Bank) -> None:
    rng = np.random.default_rng(3)
    writer = Writer(shapes, Papers(HEIGHT, None, rng), rng)
    plain, struck = (
        np.mean([(writer.write([Sign("0", struck=struck)] * 3, alone=True).ink > 0.5).mean() for _ in range(40)])
        for struck in (False, True)
    )
    assert struck > plain
