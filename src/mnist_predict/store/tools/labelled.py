"""The pictures that people confirmed or corrected, each with its newest label; and a folder of them, a dataset."""

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

from mnist_predict.errors import BadRequest
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record
from mnist_predict.store.search import Labelled, Search
from mnist_predict.store.tools.export import everything_found

COLUMNS = ("image_name", "label", "by", "time", "confirmed")
_KINDS: tuple[Labelled, ...] = ("confirmed", "corrected")
_ENDINGS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif", b"BM": "bmp", b"%PDF": "pdf", b"RIFF": "webp",
            b"II": "tif", b"MM": "tif"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture and what people say its number is.

    `label`: as it is written, empty where there is no number. `confirmed`: it was read so. `agreed`: how many labels
    say the same as the newest. `key`: the SHA-256 of the picture. `record`: the id of its record, None in a dataset.
    """

    key: str
    label: str
    by: str | None
    time: str  # of the label, ISO 8601
    confirmed: bool
    agreed: int = 1
    record: str | None = None

    @property
    def source(self) -> str:
        """Who labelled it and on which day (UTC)."""
        return f"{self.by or ''} {self.time[:10]}"


def labelled_pictures(store: Store) -> Iterator[LabelledPicture]:
    """Every picture that was uploaded and labelled, newest record first, each once. Raises `StoreUnavailable`."""
    newest: dict[str, tuple[UUID, UUID, LabelledPicture]] = {}  # by picture, with the ids of its label and record
    for kind in _KINDS:
        for record in everything_found(store, Search(labelled=kind)):
            labels = store.labels(record.id)
            if record.sha256 is None or not labels:
                continue
            before = newest.get(record.sha256)
            if before is None or labels[0].id > before[0]:
                newest[record.sha256] = labels[0].id, record.id, _labelled(record, record.sha256, labels)
    for _, _, one in sorted(newest.values(), key=lambda found: found[1], reverse=True):
        yield one


def _labelled(record: Record, digest: str, labels: Sequence[Record]) -> LabelledPicture:
    newest = labels[0]
    return LabelledPicture(
        digest,
        newest.written,
        newest.by,
        newest.record_time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        newest.written == record.written,
        sum(label.written == newest.written for label in labels),
        str(record.id),
    )


Named = tuple[LabelledPicture, str]  # a picture and the name of its file


def export_pictures(
    store: Store,
    folder: Path,
    progress: Callable[[int], None] = lambda _: None,
    write: Callable[[Iterator[LabelledPicture], Path], Iterator[Named]] | None = None,
) -> int:
    """Write every labelled picture into a folder, named by its SHA-256, and `labels.csv` (`COLUMNS`); how many.

    The folder is one that `evaluate` and `learn` read. `labels.csv` appears when all pictures are there. `write`: what
    writes pictures into the folder and names those that are there; by default one after the other.
    Raises `StoreUnavailable` and `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / ".labels.csv.unfinished"
    count = 0
    named = (write or partial(_write, store))(labelled_pictures(store), folder)
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for one, name in named:
            rows.writerow([name, one.label, one.by or "", one.time, "yes" if one.confirmed else "no"])
            count += 1
            progress(1)
    unfinished.replace(folder / "labels.csv")
    return count


def _write(store: Store, some: Iterator[LabelledPicture], folder: Path) -> Iterator[Named]:
    for one in some:
        data = store.picture(one.key)
        if data is not None:
            yield one, write_picture(folder, one.key, data)


def write_picture(folder: Path, key: str, data: bytes) -> str:
    """Write a picture into a folder, where it appears whole; the name of its file. Raises `OSError`."""
    ending = next((ending for start, ending in _ENDINGS.items() if data.startswith(start)), "heic")
    name = f"{key[:16]}.{ending}"
    unfinished = folder / f".{name}.{os.getpid()}"
    unfinished.write_bytes(data)
    unfinished.replace(folder / name)
    return name


def read_labels(folder: Path) -> list[dict[str, str]]:
    """The rows of a folder's `labels.csv`; raises `BadRequest` unless it names `image_name` and `label`."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if not rows.fieldnames or not {"image_name", "label"} <= set(rows.fieldnames):
            raise BadRequest(f"{folder}/labels.csv must begin with the line image_name,label.")
        found = list(rows)
    for row in found:
        if row["label"] is None:
            raise BadRequest(f"{folder}/labels.csv has a line without a label: {row['image_name']}.")
    return [{name: value or "" for name, value in row.items() if name is not None} for row in found]
