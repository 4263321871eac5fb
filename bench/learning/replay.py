"""What reading the archive again costs beyond reading: `python -m bench.learning.replay [COUNT]`.

CPU time of `replay` over that of the same pictures read in one process. A first, short replay says what its start
costs. The pictures are single digits, which are read fastest, so that what is done beside reading weighs most. The goal
is 80 %, on all cores.
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from time import process_time

from bench.pictures import pictures
from mnist_predict.learning.replay import Replay
from mnist_predict.models.registry import open_version
from mnist_predict.store.ids import new_id
from mnist_predict.store.opening import open_store
from mnist_predict.store.record import Record
from mnist_predict.vision.recognizer import open_recognizer

FIRST = 32  # pictures of the short one


def main() -> None:
    """Measure and print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=2_000)
    some = pictures(parser.parse_args().count)
    reader = open_recognizer("")
    for data in some[:20]:
        reader.read(data)
    began = process_time()
    readings = [reader.read(data) for data in some]
    alone = process_time() - began
    with tempfile.TemporaryDirectory(prefix="bench-replay-") as place:
        store = open_store(f"sqlite:///{place}/kept.sqlite")
        replay = Replay(Path(place), open_version(), store)
        spent = []
        for start, end in ((0, FIRST), (FIRST, None)):
            for data, reading in zip(some[start:end], readings[start:end], strict=True):
                digest = sha256(data).hexdigest()
                store.add(Record(new_id(), "digit.png", reading.written, "upload", digest, reading), data)
            spent.append(_cpu(lambda: replay.run(None)))
        found = replay.beside.difference()
        replay.close()
        store.close()
    assert (found.read, found.changed) == (len(some), 0), found
    alone = 1e3 * alone / len(some)
    beside = 1e3 * (spent[1] - spent[0]) / (len(some) - 2 * FIRST)
    print(
        f"{len(some)} digits: {alone:.2f} ms of CPU a picture in one process, {beside:.2f} ms in replay: "
        f"{alone / beside:.0%} of the reading rate. {os.cpu_count()} cores."
    )


def _cpu(work: Callable[[], None]) -> float:
    """Seconds of CPU, those of the processes that it starts and ends included."""
    before = sum(os.times()[:4])
    work()
    return sum(os.times()[:4]) - before


if __name__ == "__main__":
    main()
