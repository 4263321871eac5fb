"""MNIST as it lies in the repository, and files that are not what they should be."""

import gzip
import hashlib
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_predict.errors import BadRequest
from mnist_predict.training import mnist as dataset

MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


@pytest.mark.parametrize("name", MD5)
def test_the_repository_holds_mnist_byte_for_byte(root: Path, name: str) -> None:
    data = gzip.decompress((root / f"data/mnist/{name}.gz").read_bytes())
    assert hashlib.md5(data).hexdigest() == MD5[name]


def test_pictures_and_labels_come_in_mnists_shapes(root: Path) -> None:
    pictures, labels = dataset.load(root / "data/mnist", "train")
    assert pictures.shape == (60_000, 28, 28)
    assert labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]


def test_the_same_5000_pictures_are_held_out_in_every_run() -> None:
    kept, held_out = dataset.split(60_000)
    assert len(held_out) == 5_000
    assert set(kept) | set(held_out) == set(range(60_000))
    assert (dataset.split(60_000)[1] == held_out).all()


def test_hashes_are_of_the_unzipped_files(small_mnist: Path, tmp_path: Path) -> None:
    for file in small_mnist.iterdir():
        (tmp_path / file.stem).write_bytes(gzip.decompress(file.read_bytes()))
    assert dataset.hashes(tmp_path) == dataset.hashes(small_mnist)


def test_a_missing_file_is_named(small_mnist: Path, tmp_path: Path) -> None:
    shutil.copy(small_mnist / "t10k-images-idx3-ubyte.gz", tmp_path)
    with pytest.raises(BadRequest, match="lacks t10k-labels-idx1-ubyte"):
        dataset.load(tmp_path, "t10k")


def test_pictures_without_their_labels_are_refused(small_mnist: Path, tmp_path: Path) -> None:
    shutil.copy(small_mnist / "t10k-images-idx3-ubyte.gz", tmp_path)
    shutil.copy(small_mnist / "train-labels-idx1-ubyte.gz", tmp_path / "t10k-labels-idx1-ubyte.gz")
    with pytest.raises(BadRequest, match="200 pictures but 900 labels"):
        dataset.load(tmp_path, "t10k")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=64), zipped=st.booleans())
def test_bytes_that_are_no_idx_file_are_refused(tmp_path: Path, data: bytes, zipped: bool) -> None:
    for file in tmp_path.iterdir():
        file.unlink()
    name = "t10k-images-idx3-ubyte" + (".gz" if zipped else "")
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadRequest, match="t10k-images"):
        dataset.load(tmp_path, "t10k")


def test_a_file_cut_short_is_refused(small_mnist: Path, tmp_path: Path) -> None:
    for file in small_mnist.iterdir():
        shutil.copy(file, tmp_path)
    whole = gzip.decompress((tmp_path / "t10k-images-idx3-ubyte.gz").read_bytes())
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(whole[:-1]))
    with pytest.raises(BadRequest, match="cut short"):
        dataset.load(tmp_path, "t10k")
