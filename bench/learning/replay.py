"""What reading the archive again costs beyond reading: `python -m bench.learning.replay [COUNT]`.

CPU time of `replay` over that of as many processes that read the same pictures from memory; a first, short turn of each
says what its start costs. The pictures are single digits, which are read fastest, so that what is done beside reading
weighs most. The goal is 80 %, on all cores.
"""

import argparse
import multiprocessing as mp
import os
import tempfile
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

from bench.pictures import pictures
from mnist_predict.learning.replay import TOGETHER, Replay
from mnist_predict.models.registry import open_version
from mnist_predict.store.ids import new_id
from mnist_predict.store.opening import open_store
from mnist_predict.store.record import Record
from mnist_predict.vision.recognizer import Recognizer, open_recognizer

FIRST = 32  # pictures of the short turn


def main() -> None:
    """Measure and print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=2_000)
    some = pictures(parser.parse_args().count)
    with tempfile.TemporaryDirectory(prefix="bench-replay-") as place:
        store = open_store(f"sqlite:///{place}/kept.sqlite")
        replay = Replay(Path(place), open_version(), store)
        alone, beside = [], []
        for part in (some[:FIRST], some[FIRST:]):
            alone.append(_cpu(partial(_in_memory, part)))
            for data in part:
                store.add(Record(new_id(), "digit.png", "", "upload", sha256(data).hexdigest()), data)
            beside.append(_cpu(partial(replay.run, None)))
        read = replay.beside.difference().read
        replay.close()
        store.close()
    reading, whole = (1e3 * (turns[1] - turns[0]) / (len(some) - 2 * FIRST) for turns in (alone, beside))
    print(
        f"{read} digits on {os.cpu_count()} cores: {reading:.2f} ms of CPU a picture to read them from memory, "
        f"{whole:.2f} ms in replay: {reading / whole:.0%} of the reading rate."
    )


def _in_memory(some: list[bytes]) -> None:
    parcels = [some[at : at + TOGETHER] for at in range(0, len(some), TOGETHER)]
    with mp.get_context("spawn").Pool(os.cpu_count()) as pool:
        pool.map(_read, parcels, 1)
        pool.close()
        pool.join()


def _read(parcel: list[bytes]) -> None:
    reader = _readers[0] if _readers else open_recognizer("")
    _readers[:] = [reader]
    for data in parcel:
        reader.read(data)


_readers: list[Recognizer] = []  # of a process


def _cpu(work: Callable[[], None]) -> float:
    """Seconds of CPU, those of the processes that it starts and ends included."""
    before = sum(os.times()[:4])
    work()
    return sum(os.times()[:4]) - before


if __name__ == "__main__":
    main()
