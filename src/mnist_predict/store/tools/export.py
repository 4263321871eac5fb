"""All records as one file: CSV, JSON lines or Parquet, newest first. Pictures are not in it, but their SHA-256 are.

Labels are records of their own, and stand beside what they label, too: `label` is the newest label of a record as it is
written, with `labelled_by` and `labelled_at`. A label may be empty (there is no number), so it is `labelled_at` that
tells whether there is one.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.util import find_spec
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from mnist_predict.errors import BadRequest, StoreUnavailable
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record
from mnist_predict.store.search import Search
from mnist_predict.store.tools.copy import everything

COLUMNS = (
    *("id", "record_time", "image_name", "number", "written", "confidence", "source"),
    *("sha256", "label_of", "model_version", "by", "label", "labelled_by", "labelled_at", "of_number", "withdraws"),
)
FROM_USERS = ("image_name", "by", "labelled_by")  # columns with texts that users choose
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # how formulas begin, full width included
PAGE = 500  # records that are read at a time

Labelled = tuple[Record, Record | None]  # a record, and its newest label
GROUP = 10_000  # rows of a row group in Parquet


def everything_found(store: Store, search: Search) -> Iterator[Record]:
    """All records that are searched for, newest first, however far that is to look.

    Raises `StoreUnavailable`, also where only those of the spool can be had.
    """
    before: UUID | None = None
    while True:
        page = store.search(search, before, PAGE)
        if away := store.status().away:
            raise StoreUnavailable(f"The store is away, so not all records can be had now. {away}")
        yield from page.records
        before = page.rest
        if before is None:
            return


def with_labels(store: Store, records: Iterable[Record]) -> Iterator[Labelled]:
    """Records, each with its newest label. Raises `StoreUnavailable`."""
    rest = iter(records)
    while page := list(islice(rest, PAGE)):
        labels = store.newest_labels([record.id for record in page if record.label_of is None])
        yield from ((record, labels.get(record.id)) for record in page)


def to_dict(record: Record, label: Record | None) -> dict[str, Any]:
    """The JSON form of a record with its newest label."""
    said = (label.written, label.by, label.to_dict()["record_time"]) if label else (None, None, None)
    return record.to_dict() | dict(zip(("label", "labelled_by", "labelled_at"), said, strict=True))


def export(store: Store, path: Path, progress: Callable[[int], None] = lambda _: None, bom: bool = False) -> int:
    """Write every record to a file whose name ends in .csv, .jsonl or .parquet; returns how many.

    CSV and Parquet have `COLUMNS`; a line of JSON is a record as the service lists it, with its digits and
    probabilities. What no model read has no confidence. The file appears when it is complete. `progress` counts the
    records. `bom`: see `csv_lines`.
    Raises `BadRequest` for another ending, `StoreUnavailable`, and `OSError` where the file cannot be written.
    """
    writers: dict[str, Callable[[Iterable[Labelled], Path], None]] = {
        ".csv": partial(_csv, bom=bom),
        ".jsonl": _json_lines,
        ".parquet": _parquet,
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise BadRequest(f"Name the file {path.stem}.csv, {path.stem}.jsonl or {path.stem}.parquet.")
    written = 0

    def counted() -> Iterator[Labelled]:
        nonlocal written
        for pair in with_labels(store, everything(store)):
            yield pair
            written += 1
            progress(1)

    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        writer(counted(), unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return written


def _form(record: Record, label: Record | None) -> dict[str, Any]:
    form = to_dict(record, label)
    return form | ({"confidence": None} if record.reading is None else {})


def _row(record: Record, label: Record | None) -> dict[str, Any]:
    form = _form(record, label)
    form["of_number"] = None if record.of_number is None else str(record.of_number)
    return {column: form[column] for column in COLUMNS}


def csv_line(values: Iterable[Any]) -> str:
    """Some values as a line of CSV."""
    line = StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()


def csv_lines(records: Iterable[Labelled], bom: bool = False) -> Iterator[str]:
    """A header, and a line for each record. `bom`: begin with a byte order mark, by which Excel recognizes UTF-8.

    A name that a spreadsheet would take for a formula gets an apostrophe before it, as OWASP advises against CSV
    injection.
    """
    yield ("\ufeff" if bom else "") + csv_line(COLUMNS)
    for record, label in records:
        row = _row(record, label)
        for column in FROM_USERS:
            if (row[column] or "").startswith(FORMULA):
                row[column] = f"'{row[column]}"
        yield csv_line(row.values())


def json_lines(records: Iterable[Labelled]) -> Iterator[str]:
    """A line of JSON a record."""
    for record, label in records:
        yield json.dumps(_form(record, label), ensure_ascii=False) + "\n"


def _csv(records: Iterable[Labelled], path: Path, bom: bool = False) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(csv_lines(records, bom))


def _json_lines(records: Iterable[Labelled], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json_lines(records))


def _parquet(records: Iterable[Labelled], path: Path) -> None:
    if find_spec("arro3") is None:
        raise BadRequest("Parquet needs two more packages: pip install 'mnist-predict[parquet]'.")
    from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema
    from arro3.io import write_parquet

    types = {column: DataType.string() for column in COLUMNS}
    times = {"record_time": DataType.timestamp("ms", tz="UTC"), "labelled_at": DataType.timestamp("ms", tz="UTC")}
    types |= times | {"confidence": DataType.float64()}
    schema = Schema([Field(column, kind) for column, kind in types.items()])
    failures: list[Exception] = []  # the writer knows them only as texts

    def groups() -> Iterator[RecordBatch]:
        rest = iter(records)
        try:
            while group := list(islice(rest, GROUP)):
                rows = [_row(*pair) for pair in group]
                texts = types.keys() - {"confidence", *times}
                columns = {name: Array([row[name] for row in rows], DataType.string()) for name in texts}
                columns["confidence"] = Array([row["confidence"] for row in rows], DataType.float64())
                for name, of in (("record_time", 0), ("labelled_at", 1)):
                    times_of = [one.id.int >> 80 if (one := pair[of]) else None for pair in group]
                    columns[name] = Array(times_of, DataType.int64()).cast(types[name])
                yield RecordBatch.from_arrays([columns[name] for name in types], schema=schema)
        except Exception as failure:
            failures.append(failure)
            raise

    try:
        write_parquet(RecordBatchReader.from_batches(schema, groups()), path, compression="zstd(3)")
    except Exception as error:
        raise (failures or [error])[0] from None
