"""Recognizers in processes of their own, so that all cores read."""

import multiprocessing as mp
import os
from concurrent.futures import ProcessPoolExecutor

from mnist_predict.models.registry import Version
from mnist_predict.processes import end_with_parent
from mnist_predict.vision.recognizer import Recognizer, open_recognizer

CORES = os.cpu_count() or 1

opened: list[Recognizer] = []  # in a process of `reading_processes`: of its versions, in their order


def reading_processes(*versions: Version) -> ProcessPoolExecutor:
    """A pool of as many processes as there are cores, in each of which the versions are open."""
    # Spawned: threads of this process (torch's) do not survive a fork.
    return ProcessPoolExecutor(CORES, mp.get_context("spawn"), _begin, tuple(str(one.folder) for one in versions))


def _begin(*folders: str) -> None:
    end_with_parent()
    opened[:] = [open_recognizer(folder) for folder in folders]
