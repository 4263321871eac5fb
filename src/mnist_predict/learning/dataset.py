"""What is learned from: labels of pictures in a store or a folder, and which of them are never trained on."""

import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mnist_predict.errors import BadRequest
from mnist_predict.store.protocol import Store
from mnist_predict.store.tools.labelled import LabelledPicture, labelled_pictures, place_of, read_labels
from mnist_predict.written import as_written

LEAST = 20  # labels to learn from
MOST = 20_000  # the newest are taken
PICTURES = 6  # of this many pictures one is held out,
SOURCES = 20  # and of this many sources: together a fifth of all


@dataclass(frozen=True)
class Dataset:
    """Labels of pictures: those to train on, and those held out for good; `read` gives a picture's bytes."""

    train: list[LabelledPicture]
    held_out: list[LabelledPicture]
    read: Callable[[LabelledPicture], bytes]

    @property
    def corrected(self) -> int:
        """How many were read wrong when they were uploaded."""
        return sum(not one.confirmed for one in self.train + self.held_out)


def of_store(store: Store) -> Dataset:
    """What people say of the pictures of a store. Raises `BadRequest` for too few of them, `StoreUnavailable`."""

    def read(one: LabelledPicture) -> bytes:
        return store.picture(one.key) or b""

    return _split(labelled_pictures(store), read)


def of_folder(folder: Path) -> Dataset:
    """Those of a folder with `labels.csv`, as `store export --pictures` writes it. Only its columns `image_name` and
    `label` must be there. Raises `BadRequest`."""
    if not (folder / "labels.csv").is_file():
        raise BadRequest(f"{folder} has no labels.csv (image_name,label).")
    files: dict[str, Path] = {}
    found = []
    for row in read_labels(folder):
        path = folder / row["image_name"]
        if not path.is_file():
            raise BadRequest(f"{folder}/labels.csv names {row['image_name']!r}, which is not there.")
        label = as_written(row["label"]) if row["label"].strip() else ""
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        files[digest] = path
        confirmed = row.get("confirmed", "") == "yes"
        by, time = row.get("by") or None, row.get("time", "")
        found.append(LabelledPicture(digest, label, by, time, confirmed, place=place_of(row)))
    return _split(found, lambda one: files[one.key].read_bytes())


def is_held_out(one: LabelledPicture, first_source: str) -> bool:
    """Whether a picture is kept for measuring for good.

    Told by its content and its source alone, so that what is held out once stays so while the store grows. One source
    of twenty is held out whole, as writers and cameras repeat themselves; the first never, or there might be nothing
    to learn from.
    """
    whole = one.source != first_source and zlib.crc32(one.source.encode()) % SOURCES == 0
    return whole or zlib.crc32(bytes.fromhex(one.key)) % PICTURES == 0


def _split(found: Iterable[LabelledPicture], read: Callable[[LabelledPicture], bytes]) -> Dataset:
    each = {(one.key, one.place): one for one in found}
    newest = sorted(each.values(), key=lambda one: (one.time, one.key), reverse=True)[:MOST]
    if len(newest) < LEAST:
        raise BadRequest(f"There are {len(newest)} labels, and learning begins with {LEAST}. Review some more.")
    first = min(newest, key=lambda one: (one.time, one.key)).source
    # A picture is on one side with all its numbers, whoever labelled each.
    never_learned = {one.key for one in newest if is_held_out(one, first)}
    held_out = [one for one in newest if one.key in never_learned]
    return Dataset([one for one in newest if one.key not in never_learned], held_out, read)


def weights(sources: list[str], most: float = 0.5) -> list[float]:
    """How often each sample is shown, its source given: equally, but no source more than `most` of all where there are
    others, so that no single person decides what is learned."""
    count = Counter(sources)
    share = {source: number / len(sources) for source, number in count.items()}
    largest = max(share, key=lambda source: share[source])
    if len(count) > 1 and share[largest] > most:
        rest = 1 - share[largest]
        share = {source: most if source == largest else (1 - most) * own / rest for source, own in share.items()}
    return [share[source] / count[source] for source in sources]
