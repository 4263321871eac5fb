"""MNIST from its four idx files (gzip or not), and the part of its training set that is held out.

Source of the format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
"""

import gzip
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_predict.errors import BadRequest

Bytes = NDArray[np.uint8]
HELD_OUT = 5_000
PARTS = ("train", "t10k")


def load(folder: Path, part: str) -> tuple[Bytes, Bytes]:
    """Pictures `[N, 28, 28]` (ink = 255) and labels `[N]` of a part, "train" or "t10k".

    Raises `BadRequest` for files that are missing, damaged, or do not belong together.
    """
    pictures = _read_idx(_file(folder, f"{part}-images-idx3-ubyte"), 3)
    labels = _read_idx(_file(folder, f"{part}-labels-idx1-ubyte"), 1)
    if len(pictures) != len(labels):
        raise BadRequest(f"{folder}: {len(pictures)} pictures but {len(labels)} labels in the part {part!r}.")
    return pictures, labels


def split(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which of `count` training pictures to train on and which 5,000 to hold out: the same in every run."""
    order = np.random.default_rng(28).permutation(count)
    return order[HELD_OUT:], order[:HELD_OUT]


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each unzipped file, by name."""
    names = [f"{p}-{kind}-ubyte" for p in PARTS for kind in ("images-idx3", "labels-idx1")]
    return {name: hashlib.sha256(_unzipped(_file(folder, name))).hexdigest() for name in names}


def has_idx(folder: Path, part: str) -> bool:
    """Whether the folder holds that part's pictures as an idx file."""
    return any((folder / f"{part}-images-idx3-ubyte{end}").exists() for end in (".gz", ""))


def _file(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.gz", folder / name):
        if path.exists():
            return path
    raise BadRequest(f"{folder} lacks {name} (or {name}.gz); data/mnist of the repository has all four files.")


def _unzipped(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def _read_idx(path: Path, dimensions: int) -> Bytes:
    try:
        data = _unzipped(path)
    except (OSError, EOFError) as error:
        raise BadRequest(f"{path} cannot be read: {error}.") from error
    head = 4 + 4 * dimensions
    shape = [int.from_bytes(data[at : at + 4]) for at in range(4, head, 4)]
    if data[:4] != bytes((0, 0, 8, dimensions)) or len(data) != head + int(np.prod(shape, dtype=np.int64)):
        raise BadRequest(f"{path} is not an idx file of bytes in {dimensions} dimension(s), or it is cut short.")
    return np.frombuffer(data, np.uint8, offset=head).reshape(shape)
