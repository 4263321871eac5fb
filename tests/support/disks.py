"""Small disks of their own for the tests, to fill them or to make them read-only; mounting takes root."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


def mount(*arguments: str | Path) -> bool:
    """Whether `mount` with these arguments was permitted and done."""
    try:
        return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def mounted(folder: Path, size: str = "1m") -> Iterator[Path]:
    """A disk of that size in a new folder; skips the test where mounting is not permitted."""
    folder.mkdir()
    if not mount("-t", "tmpfs", "-o", f"size={size}", "none", folder):
        pytest.skip("mounting a small disk is not permitted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


class FailingDisk:
    """A disk with ext4 in a file, which turns read-only as after an error: while files on it are open."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        """Skips the test where that is not permitted."""
        self.folder = folder
        self.image = folder.with_name(f"{folder.name}.img")
        self._folder_of_faults = Path("/sys/fs/ext4")
        with self.image.open("wb") as file:
            file.truncate(megabytes * 1_000_000)
        folder.mkdir()
        if not (shutil.which("mkfs.ext4") and shutil.which("losetup") and self._folder_of_faults.exists()):
            pytest.skip("needs ext4 and loop devices")
        subprocess.run(["mkfs.ext4", "-q", self.image], check=True)
        if not self._mount():
            pytest.skip("mounting a disk with ext4 is not permitted here")

    def _mount(self) -> bool:
        return mount("-o", "loop,errors=remount-ro", self.image, self.folder)

    def turn_read_only(self) -> None:
        """Tell the kernel of an error."""
        listed = subprocess.run(["losetup", "-j", self.image], capture_output=True, text=True, check=True).stdout
        device = Path(listed.partition(":")[0]).name
        (self._folder_of_faults / device / "trigger_fs_error").write_text("1")

    def mend(self) -> None:
        """Check it and mount it anew; nothing on it may be open."""
        self.unmount()
        subprocess.run(["e2fsck", "-p", self.image], check=False, capture_output=True)
        assert self._mount()

    def unmount(self) -> None:
        """Once nothing on it is open."""
        subprocess.run(["umount", self.folder], check=True)


def fill(disk: Path) -> Path:
    """Write a file until the disk is full; removing it makes room again."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    return ballast
