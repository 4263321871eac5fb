"""Batches made by a process of their own while the network learns from the last ones."""

import multiprocessing as mp
from collections.abc import Callable, Generator, Iterator
from queue import Empty
from typing import Any, TypeVar

from mnist_predict.processes import end_with_parent

PATIENCE = 20.0  # seconds without a batch, after which it is seen whether their maker lives

T = TypeVar("T")


def supplied(make: Callable[[], Iterator[T]], room: int) -> Generator[T]:
    """What `make` yields, in a process of its own that is at most `room` ahead; it ends with the generator.

    Raises `RuntimeError` when that process has died.
    """
    fork = mp.get_context("fork")  # shares the bank's gigabyte instead of copying it
    queue: mp.Queue[T] = fork.Queue(room)
    maker = fork.Process(target=_fill, args=(make, queue), daemon=True)
    maker.start()

    def made() -> Generator[T]:
        try:
            while True:
                try:
                    yield queue.get(timeout=PATIENCE)
                except Empty:
                    if not maker.is_alive():
                        raise RuntimeError("The process that makes batches has died; its error stands above.") from None
        finally:
            maker.kill()

    return made()


def _fill(make: Callable[[], Iterator[Any]], queue: "mp.Queue[Any]") -> None:
    end_with_parent()
    for batch in make():
        queue.put(batch)
