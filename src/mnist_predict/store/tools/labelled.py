"""What people confirmed or corrected: pictures with the newest label of each number; and a folder of them, a dataset.

A label is of a picture's number, wherever that stands, as few pictures show more than one. Where people told several of
its numbers, each label has the place that they were shown.
"""

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path

from mnist_predict.errors import BadRequest
from mnist_predict.reading import SAME, Box, Place
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record, newest_of_each, standing
from mnist_predict.store.search import OTHERS, Labelled, Search
from mnist_predict.store.tools.export import everything_found

COLUMNS = ("image_name", "label", "by", "time", "confirmed", "page", "box", "turned")
_KINDS: tuple[Labelled, ...] = ("confirmed", "corrected", OTHERS)
_ENDINGS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif", b"BM": "bmp", b"%PDF": "pdf", b"RIFF": "webp",
            b"II": "tif", b"MM": "tif"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture and what people say its number is, or the number at a place of it.

    `label`: as it is written, empty where there is no number. `confirmed`: it was read so. `agreed`: how many labels
    say the same as the newest. `key`: the SHA-256 of the picture. `record`: the id of its record, None in a dataset.
    `place`: of several numbers the one that the label is of.
    """

    key: str
    label: str
    by: str | None
    time: str  # of the label, ISO 8601
    confirmed: bool
    agreed: int = 1
    record: str | None = None
    place: Place | None = None

    @property
    def source(self) -> str:
        """Who labelled it and on which day (UTC)."""
        return f"{self.by or ''} {self.time[:10]}"


Said = tuple[Record, LabelledPicture]  # a label, and what it says with the place of its number


def labelled_pictures(store: Store) -> Iterator[LabelledPicture]:
    """What people say of every picture that was uploaded, newest record first; of each number of a picture once.

    Raises `StoreUnavailable`.
    """
    found: dict[str, list[Said]] = {}  # by picture
    for record in _labelled_records(store):
        if record.sha256 is not None:
            found.setdefault(record.sha256, []).extend(_said(store, record, record.sha256))
    each = [_each_once(said) for said in found.values() if said]
    for pictures in sorted(each, key=lambda pictures: max(one.record or "" for one in pictures), reverse=True):
        yield from pictures


def _labelled_records(store: Store) -> Iterator[Record]:
    seen = set()
    for kind in _KINDS:
        for found in everything_found(store, Search(labelled=kind)):
            record = found if found.label_of is None else store.get(found.label_of)
            if record is not None and record.id not in seen:
                seen.add(record.id)
                yield record


def _said(store: Store, record: Record, digest: str) -> Iterator[Said]:
    """The newest label of each number of a record."""
    history = store.label_history(record.id)
    for at, newest in newest_of_each(history).items():
        number = None
        if record.reading is not None:
            number = record.reading.primary_number if at is None else record.reading.numbers[at]
        yield (
            newest,
            LabelledPicture(
                digest,
                newest.written,
                newest.by,
                newest.record_time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                newest.written == (number.written if number else record.written),
                sum(label.written == newest.written for label in standing(history, at)),
                str(record.id),
                number.place if number else None,
            ),
        )


def _each_once(said: Iterable[Said]) -> list[LabelledPicture]:
    """Of all that was said of a picture, the newest of each number, from the top down."""
    kept: list[Said] = []
    for label, one in sorted(said, key=lambda pair: pair[0].id, reverse=True):
        if not any(_are_same(one.place, other.place) for _, other in kept):
            kept.append((label, one))
    if len(kept) == 1 and kept[0][0].of_number is None:
        return [replace(kept[0][1], place=None)]
    return sorted((one for _, one in kept), key=_down_the_pages)


def _down_the_pages(one: LabelledPicture) -> tuple[int, ...]:
    return (one.place.page, one.place.box.y, one.place.box.x) if one.place else ()


def _are_same(one: Place | None, other: Place | None) -> bool:
    return one is None or other is None or one.shares(other) >= SAME


Named = tuple[LabelledPicture, str]  # what is said of a picture, and the name of its file


def export_pictures(
    store: Store,
    folder: Path,
    progress: Callable[[int], None] = lambda _: None,
    write: Callable[[Iterator[LabelledPicture], Path], Iterator[Named]] | None = None,
) -> int:
    """Write every labelled picture into a folder, named by its SHA-256, and `labels.csv` (`COLUMNS`); their count.

    The folder is one that `evaluate` and `learn` read. `labels.csv` appears when all pictures are there. `write`: what
    writes pictures into the folder and names those that are there; by default one after the other.
    Raises `StoreUnavailable` and `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / ".labels.csv.unfinished"
    names = set()
    named = (write or partial(_write, store))(labelled_pictures(store), folder)
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for one, name in named:
            where = ("", "", "") if one.place is None else (one.place.page, _text(one.place.box), one.place.turned)
            rows.writerow([name, one.label, one.by or "", one.time, "yes" if one.confirmed else "no", *where])
            progress(name not in names)
            names.add(name)
    unfinished.replace(folder / "labels.csv")
    return len(names)


def _write(store: Store, some: Iterator[LabelledPicture], folder: Path) -> Iterator[Named]:
    for key, labels in groupby(some, key=lambda one: one.key):
        data = store.picture(key)
        if data is not None:
            name = write_picture(folder, key, data)
            yield from ((one, name) for one in labels)


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


def place_of(row: dict[str, str]) -> Place | None:
    """Where the number of a row of `labels.csv` stands, None where it does not say. Raises `BadRequest`."""
    if not row.get("box"):
        return None
    try:
        x, y, w, h = map(int, row["box"].split())
        page, turned = (int(row.get(name) or 0) for name in ("page", "turned"))
    except ValueError:
        x = y = w = h = page = turned = 0
    if w < 1 or h < 1 or page < 0 or turned % 90:
        name, box = row["image_name"], row["box"]
        raise BadRequest(f"labels.csv has no place for {name}: {box!r} must be x, y, width and height in whole pixels.")
    return Place(page, Box(x, y, w, h), turned)


def _text(box: Box) -> str:
    """A box as `labels.csv` has it: x, y, width and height in pixels of the upright page."""
    return " ".join(map(str, box))
