"""All records as one file: CSV, JSON lines or Parquet, newest first. Pictures are not in it, but their SHA-256 are."""

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
    *("sha256", "label_of", "model_version", "by"),
)
FROM_USERS = ("image_name", "by")  # columns with texts that users choose
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # how formulas begin, full width included
PAGE = 500  # records that are read at a time
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


def export(store: Store, path: Path, progress: Callable[[int], None] = lambda _: None, bom: bool = False) -> int:
    """Write every record to a file whose name ends in .csv, .jsonl or .parquet; returns how many.

    CSV and Parquet have `COLUMNS`; a line of JSON is a record as the service answers it, with its digits and
    probabilities. The file appears when it is complete. `progress` counts the records. `bom`: see `csv_lines`.
    Raises `BadRequest` for another ending, `StoreUnavailable`, and `OSError` where the file cannot be written.
    """
    writers: dict[str, Callable[[Iterable[Record], Path], None]] = {
        ".csv": partial(_csv, bom=bom),
        ".jsonl": _json_lines,
        ".parquet": _parquet,
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise BadRequest(f"Name the file {path.stem}.csv, {path.stem}.jsonl or {path.stem}.parquet.")
    written = 0

    def counted() -> Iterator[Record]:
        nonlocal written
        for record in everything(store):
            yield record
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


def _row(record: Record) -> dict[str, Any]:
    form = record.to_dict()
    return {column: form[column] for column in COLUMNS}


def csv_line(values: Iterable[Any]) -> str:
    """Some values as a line of CSV."""
    line = StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()


def csv_lines(records: Iterable[Record], bom: bool = False) -> Iterator[str]:
    """A header, and a line for each record. `bom`: begin with a byte order mark, by which Excel recognizes UTF-8.

    A name that a spreadsheet would take for a formula gets an apostrophe before it, as OWASP advises against CSV
    injection.
    """
    yield ("\ufeff" if bom else "") + csv_line(COLUMNS)
    for record in records:
        row = _row(record)
        for column in FROM_USERS:
            if (row[column] or "").startswith(FORMULA):
                row[column] = f"'{row[column]}"
        yield csv_line(row.values())


def json_lines(records: Iterable[Record]) -> Iterator[str]:
    """A line of JSON a record."""
    for record in records:
        yield json.dumps(record.to_dict(), ensure_ascii=False) + "\n"


def _csv(records: Iterable[Record], path: Path, bom: bool = False) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(csv_lines(records, bom))


def _json_lines(records: Iterable[Record], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json_lines(records))


def _parquet(records: Iterable[Record], path: Path) -> None:
    if find_spec("arro3") is None:
        raise BadRequest("Parquet needs two more packages: pip install 'mnist-predict[parquet]'.")
    from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema
    from arro3.io import write_parquet

    types = {column: DataType.string() for column in COLUMNS}
    types |= {"record_time": DataType.timestamp("ms", tz="UTC"), "confidence": DataType.float64()}
    schema = Schema([Field(column, kind) for column, kind in types.items()])
    failures: list[Exception] = []  # the writer knows them only as texts

    def groups() -> Iterator[RecordBatch]:
        rest = iter(records)
        try:
            while group := list(islice(rest, GROUP)):
                rows = [_row(record) for record in group]
                texts = types.keys() - {"confidence", "record_time"}
                columns = {name: Array([row[name] for row in rows], DataType.string()) for name in texts}
                columns["confidence"] = Array([row["confidence"] for row in rows], DataType.float64())
                milliseconds = Array([record.id.int >> 80 for record in group], DataType.int64())
                columns["record_time"] = milliseconds.cast(types["record_time"])
                yield RecordBatch.from_arrays([columns[name] for name in types], schema=schema)
        except Exception as failure:
            failures.append(failure)
            raise

    try:
        write_parquet(RecordBatchReader.from_batches(schema, groups()), path, compression="zstd(3)")
    except Exception as error:
        raise (failures or [error])[0] from None
