"""What is learned from: the newest label of each picture, split so that nothing leaks."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from web_examples import page_of, picture_of

from mnist_predict.cli.main import main
from mnist_predict.errors import BadRequest
from mnist_predict.learning.dataset import _split, is_held_out, of_folder, of_store, weights
from mnist_predict.reading import Box, Place
from mnist_predict.service import Service
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record
from mnist_predict.store.tools.labelled import LabelledPicture, export_pictures, labelled_pictures

Label = Callable[..., None]


def picture(at: int, source: str = "ann") -> LabelledPicture:
    return LabelledPicture(f"{at * 7919:064x}", "12", source, "2026-11-27T10:00:00Z", True)


def test_the_newest_label_of_a_picture_counts_once_whatever_it_was_called(service: Service, store: Store) -> None:
    first = service.upload(picture_of("72"), "a.png")
    again = service.upload(picture_of("72"), "b.png")
    other = service.upload(picture_of("31"), "c.png")
    service.upload(picture_of("555"), "nobody labelled it.png")
    service.label(str(first.id), "12", "ann")
    service.label(str(again.id), "72", "bo")
    service.label(str(other.id), "", "ann")
    found = {one.record: one for one in labelled_pictures(store)}
    assert {(one.label, one.by, one.confirmed) for one in found.values()} == {("72", "bo", True), ("", "ann", False)}


def test_two_labels_that_agree_are_counted(service: Service, store: Store) -> None:
    record = service.upload(picture_of("72"), "a.png")
    for said in ("71", "12", "12"):
        service.label(str(record.id), said)
    (one,) = labelled_pictures(store)
    assert (one.label, one.agreed) == ("12", 2)


def test_an_exported_dataset_is_read_by_evaluate_and_learned_from_as_the_store_is(
    store: Store, label: Label, service: Service, tmp_path: Path
) -> None:
    label(20, by="ann")
    blank = service.upload(picture_of(""), "../../blank.png")
    service.label(str(blank.id), "")
    marked = service.upload(picture_of("365"), "=cmd.png")
    service.label(str(marked.id), "3.65")
    folder = tmp_path / "set"
    url = f"sqlite:///{tmp_path}/kept.sqlite"
    exported = CliRunner().invoke(main, ["store", "export", "--pictures", str(folder), "--store", url])
    assert exported.exit_code == 0, exported.output
    assert "22 labelled pictures" in exported.stdout
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["image_name", "label", "by", "time", "confirmed", "page", "box", "turned"]
    assert {(row["label"], row["confirmed"]) for row in rows} >= {("", "yes"), ("3.65", "no")}
    ours, theirs = of_store(store), of_folder(folder)
    assert {one.key for one in ours.train} == {one.key for one in theirs.train}
    assert {one.key for one in ours.held_out} == {one.key for one in theirs.held_out}
    assert all(ours.read(one) == theirs.read(one) for one in ours.held_out)
    measured = CliRunner().invoke(main, ["evaluate", str(folder)])
    assert measured.exit_code == 0, measured.output
    assert "of 22" in measured.stdout


@pytest.fixture
def sheet(service: Service) -> Record:
    """A page of three numbers, the second of which was read wrong and the third right, as people say."""
    record = service.upload(page_of("4072", "528", "96"), "sheet.png")
    assert record.reading is not None
    assert [number.text for number in record.reading.numbers] == ["4072", "528", "96"]
    assert record.reading.primary == 0
    service.label(str(record.id), "529", "ann", of_number=1)
    service.label(str(record.id), "523", "ann", of_number=1)
    service.label(str(record.id), "96", "bo", of_number=2)
    return record


def places(record: Record) -> list[Place]:
    assert record.reading is not None
    return [number.place for number in record.reading.numbers]


def test_labels_of_other_numbers_are_learned_each_where_it_stands(
    service: Service, store: Store, sheet: Record
) -> None:
    second, third = labelled_pictures(store)
    assert (second.label, second.by, second.confirmed, second.place) == ("523", "ann", False, places(sheet)[1])
    assert (third.label, third.by, third.confirmed, third.place) == ("96", "bo", True, places(sheet)[2])
    service.label(str(sheet.id), "4012", "ann")  # now the place of the first is told, too
    assert [(one.label, one.place) for one in labelled_pictures(store)] == list(
        zip(("4012", "523", "96"), places(sheet), strict=True)
    )
    for label in store.label_history(sheet.id)[1:]:
        service.withdraw(str(label.id), None)
    (alone,) = labelled_pictures(store)
    assert (alone.label, alone.place) == ("4012", None)


def test_of_a_page_that_was_uploaded_twice_the_newest_label_of_each_number_counts(
    service: Service, store: Store, sheet: Record
) -> None:
    again = service.upload(page_of("4072", "528", "96"), "again.png")
    assert again.id != sheet.id
    service.label(str(again.id), "95", of_number=2)
    assert [(one.label, one.place) for one in labelled_pictures(store)] == [
        ("523", places(sheet)[1]),
        ("95", places(sheet)[2]),
    ]


def test_an_exported_page_is_measured_number_by_number_and_learned_from_as_in_the_store(
    store: Store, label: Label, service: Service, sheet: Record, tmp_path: Path
) -> None:
    label(20)
    folder = tmp_path / "set"
    assert export_pictures(store, folder) == 21
    ours, theirs = of_store(store), of_folder(folder)
    assert len(ours.train) + len(ours.held_out) == 22
    for mine, other in ((ours.train, theirs.train), (ours.held_out, theirs.held_out)):
        assert {(one.key, one.label, one.place) for one in mine} == {(one.key, one.label, one.place) for one in other}
    service.label(str(sheet.id), "", of_number=1)
    export_pictures(store, folder)
    told = json.loads(CliRunner().invoke(main, ["evaluate", str(folder), "--json"]).stdout)
    (name,) = {one.key[:16] for one in ours.train + ours.held_out if one.place}
    assert [wrong[:3] for wrong in told["wrong"] if wrong[0].startswith(name)] == [[f"{name}.png", "", "528"]]


def test_a_page_is_held_out_with_all_its_numbers_or_with_none() -> None:
    pages = [
        replace(picture(at, f"person {(at + row) % 60}"), place=Place(0, Box(0, 50 * row, 90, 30)))
        for at in range(400)
        for row in range(5)
    ]
    split = _split(pages, lambda one: b"")
    assert len(split.train) + len(split.held_out) == 2000
    assert not {one.key for one in split.train} & {one.key for one in split.held_out}


def test_an_export_leaves_out_what_was_erased(store: Store, label: Label, service: Service, tmp_path: Path) -> None:
    label(3)
    gone = service.upload(picture_of("90"), "gone.png")
    service.label(str(gone.id), "90")
    service.erase(str(gone.id))
    assert export_pictures(store, tmp_path / "set") == 3
    assert f"{gone.sha256}"[:16] not in (tmp_path / "set" / "labels.csv").read_text()


def test_about_a_fifth_is_held_out_and_stays_so_while_the_store_grows() -> None:
    pictures = [picture(at, f"person {at % 60}") for at in range(3000)]
    first = pictures[0].source
    held_out = [one for one in pictures if is_held_out(one, first)]
    assert 0.15 < len(held_out) / len(pictures) < 0.25
    whole = {one.source for one in pictures} - {one.source for one in pictures if not is_held_out(one, first)}
    assert whole  # of some people nothing is learned, so that readings of people never seen are measured
    assert first not in whole
    few = [one for one in pictures[:100] if is_held_out(one, first)]
    assert few == [one for one in held_out if one in pictures[:100]]


def test_a_store_with_too_few_labels_says_how_many_it_takes(store: Store, label: Label) -> None:
    label(19)
    with pytest.raises(BadRequest, match="There are 19 labels, and learning begins with 20"):
        of_store(store)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "has no labels.csv"),
        ("name,number\n", "must begin with"),
        ("image_name,label\nlost.png,7\n", "not there"),
        ("image_name,label\nlabels.csv,seven\n", "Write a number"),
        ("image_name,label,box\nlabels.csv,7,1 2 3\n", "must be x, y, width and height"),
        ("image_name,label,box,turned\nlabels.csv,7,1 2 3 4,45\n", "has no place for labels.csv"),
    ],
)
def test_a_folder_that_cannot_be_learned_from_says_why(tmp_path: Path, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(BadRequest, match=says):
        of_folder(tmp_path)


def test_no_source_is_shown_more_than_half_of_the_time() -> None:
    sources = ["a"] * 90 + ["b"] * 5 + ["c"] * 5
    odds = weights(sources)
    assert sum(odds) == pytest.approx(1)
    assert sum(odds[:90]) == pytest.approx(0.5)
    assert odds[90] == odds[95]
    assert weights(["a"] * 4) == [0.25] * 4
    assert weights(["a", "b", "a", "b"]) == [0.25] * 4
