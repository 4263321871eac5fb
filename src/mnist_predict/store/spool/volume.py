"""Whether a folder goes with the container that this process runs in: then what waits there is not safe for long."""

import os
import re
from pathlib import Path

# Docker's and Podman's marks; other engines have the image set `container`, as systemd and Podman do.
_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
_IN_MEMORY = ("tmpfs", "ramfs", "overlay")


def in_container() -> bool:
    """Whether this process runs in a container."""
    return "container" in os.environ or any(mark.exists() for mark in _MARKS)


def is_ephemeral(folder: Path) -> bool:
    """Whether a folder is in a container and on no volume of its own."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text()
    except OSError:  # not Linux, so no container
        return False
    return in_container() and not on_volume(folder, mounts)


def on_volume(folder: Path, mounts: str) -> bool:
    """Whether a folder lies on another mount than the root, by the text of /proc/self/mountinfo (man 5 proc)."""
    kinds: dict[Path, str] = {}
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        place = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), before.split()[4])  # \040: a space
        kinds[Path(place)] = after.split()[0]  # of two mounts in one place, the later covers the earlier
    folder = folder.resolve()
    nearest = next(place for place in (folder, *folder.parents) if place in kinds or place == Path("/"))
    return nearest != Path("/") and kinds[nearest] not in _IN_MEMORY
