"""Faults of the disk that everything is kept on: it fills up, or is read-only. See chaos.py."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chaos_load import NOBODY, Load, Serving, serving
from chaos_verdict import Verdict, verdict
from store_examples import until

SQLITE = "sqlite:///instance/mnist_predict.sqlite"


def disk_full(disk: Path, uploads: int, store: str) -> Verdict:
    """The disk that everything is kept on fills up under load, and has room again."""
    service = Serving(disk, store)
    service.log = disk / "log"
    ballast = disk / "ballast"
    with serving(service), Load(service) as load:
        load.reach(uploads)
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass
        until(lambda: load.books.refused["503"] > uploads)
        ballast.unlink()
        load.reach(uploads)
        return verdict(load.stop(), _kept_on(disk, store), service)


def disk_read_only(disk: Path, uploads: int, store: str) -> Verdict:
    """The disk is read-only when the service starts again, and is then made writable."""
    service = Serving(disk, store)
    with serving(service), Load(service) as load:
        load.reach(uploads)
        service.kill()  # else the disk is busy
        remount = ["mount", "-o", "remount,ro", disk]
        until(lambda: subprocess.run(remount, capture_output=True, check=False).returncode == 0)
        if service.has_no_store:
            service.start()
            until(lambda: load.books.refused["503"] > uploads)
        else:
            with suppress(AssertionError):  # it says that it cannot write, and ends
                service.start()
            assert "writable" in service.log.read_text()
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        if not service.has_no_store:
            service.start()
        load.reach(uploads)
        return verdict(load.stop(), _kept_on(disk, store), service)


def _kept_on(disk: Path, store: str) -> str:
    return f"sqlite:///{disk}/instance/{'spool' if store == NOBODY else 'mnist_predict'}.sqlite"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A disk of its own; None where mounting is not permitted."""
    folder.mkdir(parents=True)
    try:
        command = ["mount", "-t", "tmpfs", "-o", "size=24m", "none", folder]
        mounted = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        yield None
        return
    if mounted.returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
