"""Copying, checking, exporting, backing up and restoring a store."""

import csv
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from arro3.io import read_parquet
from store_examples import READING, record_of

from mnist_predict.errors import BadRequest, StoreUnavailable
from mnist_predict.store.ids import new_id
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record
from mnist_predict.store.sqlite.store import SqliteStore
from mnist_predict.store.tools import copy as copy_module
from mnist_predict.store.tools import export as export_module
from mnist_predict.store.tools.check import check
from mnist_predict.store.tools.copy import copy, everything
from mnist_predict.store.tools.export import export

HOSTILE = '=1+1,"\n\r\0<script>\U0001f600'


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[str], SqliteStore]]:
    opened: list[SqliteStore] = []

    def open_one(name: str) -> SqliteStore:
        opened.append(SqliteStore(tmp_path / f"{name}.sqlite"))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Uploads with and without keys, records by hand, labels, repeated pictures and names: 520 records."""
    path = tmp_path_factory.mktemp("example") / "source.sqlite"
    store = SqliteStore(path)
    for i in range(130):
        picture = b"picture %d" % (i % 50)
        upload = store.add(record_of(picture, image_name=f"{i % 40}.png", key=f"{i}" if i % 2 else None), picture)
        store.add(record_of(source="hand", reading=None, image_name=HOSTILE))
        for number in ("1", "-2.5"):
            label = record_of(picture, id=new_id(upload.id), number=number, source="hand", label_of=upload.id)
            store.add(replace(label, reading=None))
    store.close()
    return path


@pytest.fixture
def source(example: Path, tmp_path: Path, make: Callable[[str], SqliteStore]) -> SqliteStore:
    shutil.copy(example, tmp_path)
    return make("source")


def contents(store: Store) -> tuple[list[Record], dict[str, bytes | None]]:
    return list(everything(store)), {digest: store.picture(digest) for digest in store.pictures()}


def test_a_copy_has_everything_under_the_same_ids(store: Store, source: SqliteStore) -> None:
    told: list[int] = []
    copied = copy(source, store, told.append)
    assert (copied.records, copied.pictures, copied.added) == (520, 50, 520)
    assert (copied.merged, copied.wrong) == ([], [])
    assert sum(told) == 2 * 520
    assert contents(store) == contents(source)
    assert store.newest("7.png") == source.newest("7.png")
    upload = source.newest("7.png")
    assert upload is not None
    assert store.labels(upload.id) == source.labels(upload.id) != []


def test_a_backup_is_a_copy_and_so_is_its_restoration(
    store: Store, source: SqliteStore, make: Callable[[str], SqliteStore], tmp_path: Path
) -> None:
    copy(source, store)
    before = contents(store)
    backup = make("backup")
    assert copy(store, backup).wrong == []
    backup.close()
    restored = make("restored")
    assert copy(SqliteStore(tmp_path / "backup.sqlite"), restored).wrong == []
    assert contents(restored) == before


def test_a_copy_that_was_broken_off_goes_on_where_it_was(
    source: SqliteStore, make: Callable[[str], SqliteStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_module, "TOGETHER", 20)
    target = make("target")
    keep, kept = target.add_all, []

    def full_disk_after_three(*arguments: Any) -> None:
        if len(kept) >= 3:
            raise StoreUnavailable("full")
        kept.append(keep(*arguments))

    monkeypatch.setattr(target, "add_all", full_disk_after_three)
    with pytest.raises(StoreUnavailable):
        copy(source, target)
    there = target.count()
    assert 0 < there < 520
    monkeypatch.setattr(target, "add_all", keep)
    again = copy(source, target)
    assert (again.added, again.records, again.wrong) == (520 - there, 520, [])
    assert contents(target) == contents(source)
    assert copy(source, target).added == 0


def test_a_copy_into_a_store_in_use_leaves_what_is_there(
    source: SqliteStore, make: Callable[[str], SqliteStore]
) -> None:
    target = make("target")
    own = [target.add(record_of(b"own %d" % i, image_name="own.png"), b"own %d" % i) for i in range(3)]
    assert copy(source, target).wrong == []
    assert target.count() == 523
    assert target.newest("own.png") == own[-1]


def test_an_upload_that_reached_both_stores_is_there_once(make: Callable[[str], SqliteStore]) -> None:
    spool, target = make("spool"), make("target")
    first = target.add(record_of(b"picture", key="retried"), b"picture")
    second = spool.add(record_of(b"picture", key="retried"), b"picture")
    for _ in range(2):
        copied = copy(spool, target)
        assert (copied.merged, copied.wrong) == ([second.id], [])
        assert target.page() == [first]


def test_ids_that_were_merged_are_copied_too(
    source: SqliteStore, store: Store, make: Callable[[str], SqliteStore]
) -> None:
    spool, backup = make("spool"), make("backup")
    first = source.add(record_of(b"picture", key="retried"), b"picture")
    second = spool.add(record_of(b"picture", key="retried"), b"picture")
    copy(spool, source)
    assert copy(source, store).wrong == []
    assert store.get(second.id) == first
    # In the backup the same upload is kept under yet another id:
    third = backup.add(record_of(b"picture", key="retried"), b"picture")
    assert copy(store, backup).wrong == []
    assert [backup.get(each.id) for each in (first, second, third)] == [third] * 3


def test_a_copy_to_cassandra_writes_again_what_its_writer_left_half_done(
    source: SqliteStore, cassandra_copy: Store, cassandra_link: Any
) -> None:
    copy(source, cassandra_copy)
    cassandra_link.execute("truncate newest_by_image_name")
    cassandra_link.execute("truncate label_of_record")
    upload = source.newest("7.png")
    assert upload is not None
    assert cassandra_copy.newest("7.png") is None
    copied = copy(source, cassandra_copy)
    assert (copied.added, copied.wrong) == (0, [])
    assert cassandra_copy.newest("7.png") == upload
    assert cassandra_copy.labels(upload.id) == source.labels(upload.id) != []


def test_a_record_whose_key_is_taken_by_another_upload_is_kept_without_it(make: Callable[[str], SqliteStore]) -> None:
    spool, target = make("spool"), make("target")
    first = target.add(record_of(b"one", key="reused"), b"one")
    second = spool.add(record_of(b"two", key="reused"), b"two")
    assert copy(spool, target).wrong == []
    assert target.page() == [replace(second, key=None), first]
    assert target.picture(sha256(b"two").hexdigest()) == b"two"
    assert copy(spool, target).added == 0


def test_a_label_of_a_picture_that_only_the_target_has_is_copied(make: Callable[[str], SqliteStore]) -> None:
    spool, target = make("spool"), make("target")
    upload = target.add(record_of(b"picture"), b"picture")
    label = spool.add(record_of(b"picture", id=new_id(upload.id), source="hand", label_of=upload.id))
    elsewhere = spool.add(record_of(b"nowhere", source="hand", label_of=new_id()))
    assert copy(spool, target).wrong == []
    assert target.labels(upload.id) == [label]
    assert target.get(elsewhere.id) == elsewhere


def test_large_pictures_are_not_all_held_at_once(
    make: Callable[[str], SqliteStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_module, "AT_ONCE", 1000)
    source, target = make("source"), make("target")
    for i in range(10):
        picture = bytes([i]) * 600
        source.add(record_of(picture), picture)
    most = 0
    keep = target.add_all

    def watch(records: Any, pictures: dict[str, bytes]) -> None:
        nonlocal most
        most = max(most, sum(map(len, pictures.values())))
        keep(records, pictures)

    monkeypatch.setattr(target, "add_all", watch)
    assert copy(source, target).pictures == 10
    assert most == 1200


def test_a_copy_finds_what_differs(source: SqliteStore, make: Callable[[str], SqliteStore], tmp_path: Path) -> None:
    target = make("target")
    copy(source, target)
    newest, older = source.page(limit=2)
    upload = source.newest("7.png")
    assert upload is not None
    spoil(target.path, "update record set written = '-2.6' where id = ?", str(newest.id))
    spoil(target.path, "update picture set bytes = x'00' where sha256 = ?", str(upload.sha256))
    wrong = copy(source, target).wrong
    assert f"record {newest.id} differs in the target" in wrong
    assert any(f"picture {upload.sha256}" in what for what in wrong)
    assert len(wrong) == 2
    lose = target.add_all
    target.add_all = lambda records, pictures: lose([], pictures)  # type: ignore[method-assign]
    spoil(target.path, "delete from record where id = ?", str(older.id))
    assert f"record {older.id} is missing in the target" in copy(source, target).wrong


def test_what_was_being_erased_in_the_target_when_that_died_is_not_called_missing(tmp_path: Path) -> None:
    """Its bar is there and its picture gone, its row not yet: seen where a node was killed in the midst of erasing."""
    source, target = (SqliteStore(tmp_path / f"{name}.sqlite") for name in ("source", "target"))
    record = source.add(record_of(b"picture"), b"picture")
    target.add(record, b"picture")
    spoil(target.path, "insert into erased (id, erasure) values (?, ?)", str(record.id), str(new_id()))
    spoil(target.path, "delete from picture")
    copied = copy(source, target, again=True)
    assert (copied.wrong, copied.erased) == ([], [record.id])


def spoil(path: Path, sql: str, *values: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(sql, values)
    connection.close()


def test_a_store_that_is_well_is_found_well(store: Store, source: SqliteStore) -> None:
    copy(source, store)
    told: list[int] = []
    checked = check(store, told.append)
    assert checked.well
    assert (checked.records, checked.pictures, sum(told)) == (520, 50, 520)
    assert (checked.without_picture, checked.altered, checked.without_record) == ([], [], [])


def test_records_without_pictures_and_pictures_without_records_are_found(store: Store) -> None:
    store.add(record_of(b"kept"), b"kept")
    store.add(record_of(source="hand"))
    one, two = (store.add(record_of(b"lost")) for _ in range(2))
    orphan = sha256(b"orphan").hexdigest()
    store.add_all([], {orphan: b"orphan"})
    checked = check(store)
    assert not checked.well
    assert checked.without_picture == [two.id, one.id]
    assert (checked.without_record, checked.altered) == ([orphan], [])
    assert (checked.records, checked.pictures) == (4, 2)


def test_altered_pictures_are_found(store: Store) -> None:
    digest = sha256(b"as it was").hexdigest()
    store.add(record_of(b"as it was"), b"as it is!")
    checked = check(store)
    assert (checked.well, checked.altered) == (False, [digest])


def test_an_export_as_csv_has_a_row_a_record(source: SqliteStore, tmp_path: Path) -> None:
    told: list[int] = []
    assert export(source, tmp_path / "new folder" / "records.CSV", told.append) == sum(told) == 520
    with (tmp_path / "new folder" / "records.CSV").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line.replace("\0", "NUL") for line in file))
    for row, record in zip(rows, everything(source), strict=True):
        labels = source.labels(record.id)
        form = export_module.to_dict(record, labels[0] if labels else None)
        form |= {"confidence": None} if record.reading is None else {}
        form = {key: "" if value is None else str(value) for key, value in form.items()}
        row["image_name"] = row["image_name"].removeprefix("'")  # see the next test
        assert row == {column: form[column].replace("\0", "NUL") for column in export_module.COLUMNS}


def test_a_name_is_no_formula_in_a_spreadsheet(make: Callable[[str], SqliteStore], tmp_path: Path) -> None:
    names = ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\tx", "\rx", "＝1", "a=1"]
    store = make("formulas")
    for name in names:
        store.add(Record(new_id(), name, "7", "hand", by=name))
    export(store, tmp_path / "all.csv", bom=True)
    assert (tmp_path / "all.csv").read_bytes().startswith(b"\xef\xbb\xbfid,")
    with (tmp_path / "all.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    harmless = [f"'{name}" for name in names[:-1]] + ["a=1"]
    assert [row["image_name"] for row in reversed(rows)] == harmless
    assert [row["by"] for row in reversed(rows)] == harmless
    export(store, tmp_path / "all.jsonl")
    lines = (tmp_path / "all.jsonl").read_text().splitlines()
    assert [json.loads(line)["image_name"] for line in reversed(lines)] == names


def test_an_export_as_json_lines_is_what_the_service_answers(source: SqliteStore, tmp_path: Path) -> None:
    export(source, tmp_path / "records.jsonl")
    lines = (tmp_path / "records.jsonl").read_text("utf-8").split("\n")
    assert lines.pop() == ""
    read = [json.loads(line) for line in lines]
    assert [line["id"] for line in read] == [str(record.id) for record in everything(source)]
    said = {label: line["label"] for line in read if (label := line["labelled_at"])}
    for line, record in zip(read, everything(source), strict=True):
        confidence = record.to_dict()["confidence"] if record.reading else None
        newest = next(iter(source.labels(record.id)), None)
        label = (newest.written, newest.by, newest.to_dict()["record_time"]) if newest else (None, None, None)
        assert line == record.to_dict() | {
            "confidence": confidence,
            **dict(zip(("label", "labelled_by", "labelled_at"), label, strict=True)),
        }
    assert said


def test_an_export_as_parquet_has_times_and_numbers(
    source: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, "GROUP", 100)
    export(source, tmp_path / "records.parquet")
    rows = read_parquet(tmp_path / "records.parquet").read_all().to_struct_array().to_pylist()
    records = list(everything(source))
    assert [row["id"] for row in rows] == [str(record.id) for record in records]
    assert [row["record_time"] for row in rows] == [record.record_time for record in records]
    assert [row["image_name"] for row in rows] == [record.image_name for record in records]
    assert {row["confidence"] for row in rows} == {None, round(READING.confidence, 6)}
    labels = source.newest_labels([record.id for record in records])
    assert [row["labelled_at"] for row in rows] == [
        labels[record.id].record_time if record.id in labels else None for record in records
    ]
    assert sum(row["label_of"] is not None for row in rows) == 260
    assert [(row["number"], row["written"]) for row in rows[:2]] == [("25", "-2.5"), ("1", "1")]


@pytest.mark.parametrize("name", ["records.csv", "records.jsonl", "records.parquet"])
def test_an_export_that_is_broken_off_leaves_the_older_file(
    source: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).write_text("older")

    def away(**_: Any) -> list[Record]:
        raise StoreUnavailable("away")

    monkeypatch.setattr(source, "page", away)
    with pytest.raises(StoreUnavailable):
        export(source, tmp_path / name)
    assert (tmp_path / name).read_text() == "older"
    assert not list(tmp_path.glob("*unfinished"))


def test_an_export_needs_a_known_ending_and_for_parquet_its_package(
    source: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadRequest, match=r"records\.csv, records\.jsonl or records\.parquet"):
        export(source, tmp_path / "records.xlsx")
    monkeypatch.setattr(export_module, "find_spec", lambda _: None)
    with pytest.raises(BadRequest, match=r"mnist-predict\[parquet\]"):
        export(source, tmp_path / "records.parquet")


def test_thousands_of_records_are_copied_to_cassandra_and_compared_in_one_run(
    cassandra_copy: Store, make: Callable[[str], SqliteStore]
) -> None:
    """`make bench` copies more, and says how fast."""
    source = make("large")
    pictures = {sha256(picture).hexdigest(): picture for picture in (b"%d" % i for i in range(500))}
    digests = list(pictures)
    records = [record_of(sha256=digests[i % 500], image_name=f"{i % 1000}.png", reading=None) for i in range(2_000)]
    source.add_all(records, pictures)
    copied = copy(source, cassandra_copy)
    assert (copied.added, copied.records, copied.pictures, copied.wrong) == (2_000, 2_000, 500, [])
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda store: store.count(), (source, cassandra_copy))) == [2_000] * 2
