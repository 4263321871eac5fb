"""Processes that a program starts beside itself, and what becomes of them when it is killed."""

import multiprocessing as mp
import os
import threading


def end_with_parent() -> None:
    """From now on this process, one of `multiprocessing`, ends at once when the process that started it has ended.

    Else one that waits for its next task, or for room for its result, waits for good where its parent was killed.
    """
    threading.Thread(target=_end, name="watcher of the parent", daemon=True).start()


def _end() -> None:
    if parent := mp.parent_process():
        parent.join()
        os._exit(1)
