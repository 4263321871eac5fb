"""Writing labelled pictures on a Spark cluster: a dataset that `evaluate` and `learn` read."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from mnist_predict.errors import BadRequest
from mnist_predict.learning.spark.cluster import Batches, Cluster, frames, pictures_of
from mnist_predict.store.tools.labelled import LabelledPicture, Named, write_picture

ROW = "key string, name string"


def write_pictures(cluster: Cluster, some: Iterator[LabelledPicture], folder: Path) -> Iterator[Named]:
    """Have executors write labelled pictures into a folder, for `export_pictures`.

    Raises `BadRequest` where that folder is not the one that this process sees.
    """
    where = folder.absolute()
    while wave := list(islice(some, cluster.wave)):
        keys = [(key, bytes.fromhex(key)) for key in dict.fromkeys(one.key for one in wave)]
        chunks = cluster.chunks(cluster.spark.createDataFrame(keys, "key string, sha256 binary"), len(keys))
        names = {row[0]: row[1] for row in chunks.mapInPandas(_writing(where), ROW).collect()}
        for one in wave:
            if one.key not in names:
                continue
            if not (where / names[one.key]).is_file():
                raise BadRequest(f"{where} must be a folder that this machine and the executors share.")
            yield one, names[one.key]


def _writing(folder: Path) -> Callable[[Batches], Batches]:
    """What an executor does: it writes pictures, and names their files."""

    def write(batches: Batches) -> Batches:
        folder.mkdir(parents=True, exist_ok=True)
        found = ((key, data) for (key,), data in pictures_of(batches))
        return frames(((key, write_picture(folder, key, data)) for key, data in found if data is not None), ROW)

    return write
