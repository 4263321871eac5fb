"""Room on the disk that is kept for erasing: what is erased is overwritten in the log first, which needs some."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

SIZE = 24_000_000  # bytes: the largest picture and its record
_SHARE = 10  # times as much must be free before it is taken


def keep(path: Path) -> None:
    """Take the room beside the store at `path`, where it is not taken yet and the disk has plenty."""
    file = _beside(path)
    if file.exists() or shutil.disk_usage(path.parent).free < _SHARE * SIZE:
        return
    with suppress(OSError):
        new = file.with_name(f"{file.name}.{os.getpid()}")
        with new.open("wb") as room:
            os.posix_fallocate(room.fileno(), 0, SIZE)
        new.replace(file)


def give(path: Path) -> bool:
    """Give the room back to a disk that is full; whether there was any."""
    if shutil.disk_usage(path.parent).free > SIZE:
        return False
    try:
        _beside(path).unlink()
    except FileNotFoundError:
        return False
    return True


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.reserve")
