"""`serve`: the Flask application in Granian, with a worker process per core."""

import contextlib
import ctypes
import logging
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile, gettempdir, mkdtemp
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from mnist_predict.errors import BadRequest, UserError
from mnist_predict.models.registry import open_version
from mnist_predict.settings import LOOPBACK, Settings
from mnist_predict.store import serving
from mnist_predict.store.file_lock import try_lock
from mnist_predict.store.opening import data_place
from mnist_predict.web.http.proxies import trusted_networks
from mnist_predict.web.telemetry.log import log_in_lines
from mnist_predict.web.tokens import Tokens

# A thread is held while a client sends its picture, and mobile networks are slow; pictures are read one at a time.
_THREADS = 96
_MALLOC = {-8: 4, -3: 8 << 20, -1: 16 << 20}  # M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD (malloc.h)
_COUNTS = "mnist-predict-counts-"
_SECONDS_TO_TRY_AGAIN = 3
_SECONDS_TO_FINISH = 30  # uploads in flight when the service is asked to stop

log = logging.getLogger("mnist_predict.store")


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then let uploads in flight finish.

    Raises `BadRequest` for a model, store, token, proxy, address or port that cannot be used, before anything starts.
    """
    address, port = _listening_place(settings.host, settings.port)
    open_version(settings.model)
    trusted_networks(settings.proxies)
    Tokens.of(settings.token)
    os.umask(0o077)  # what is kept is for nobody else on this machine to read
    log_in_lines()
    serving.check(settings)
    host = "localhost" if settings.host in ("0.0.0.0", "::", "127.0.0.1", "localhost") else settings.host  # noqa: S104
    if settings.host not in LOOPBACK and not settings.token:
        log.warning("Whoever reaches %s can read and write here. Set MNIST_PREDICT_TOKEN to close it.", settings.host)
    print(f"Data is kept in {data_place(settings.store_url)}")
    print(f"Open http://{f'[{host}]' if ':' in host else host}:{port}/uploads", flush=True)
    with counts_folder(Path(settings.data)) as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        server = Server(
            "mnist_predict.web.server",
            address=address,
            port=port,
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=30_000),
            workers=settings.workers or os.cpu_count() or 1,
            blocking_threads=_THREADS,
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=_SECONDS_TO_FINISH,
            log_level=LogLevels.error,
        )
        server.serve(target_loader=partial(load, settings, folder, os.getpid()), wrap_loader=False)
    serving.drain(settings)


def load(settings: Settings, folder: str, parent: int) -> Callable[..., Any]:
    """The application of a worker process; runs there, so that nothing heavy is shared by forking.

    `folder`: for the counts that workers share; `parent`: the id of the process that started this one. A worker that
    takes the place of one that died waits until it can be loaded; the others serve meanwhile.
    """
    # Ctrl-C reaches every process of the terminal, but a worker stops when its parent says so. A worker that is still
    # loading has nothing to finish, but has inherited a handler that only sets a flag.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(parent,), name="watcher of the parent", daemon=True).start()
    log_in_lines()
    _give_memory_back()
    counts = f"{folder}/counts.sqlite"
    if not _takes_files(Path(folder)):  # asked before the metrics are imported, which begin files there
        log.warning("%s cannot be written, so this worker counts for itself alone.", folder)
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        counts = ":memory:"
    import cv2

    from mnist_predict.web.app import create_app

    cv2.setNumThreads(1)  # there is a worker for each core
    while True:
        try:
            app = create_app(settings, counts=counts)
            break
        except (UserError, OSError) as error:
            log.error("A worker cannot start. It tries again. %s", error)
            time.sleep(_SECONDS_TO_TRY_AGAIN)
    service = app.extensions["service"]
    threading.Thread(target=service.keep_forgetting, name="erasures", daemon=True).start()
    if service.follower is not None:
        service.follower.begin()
        threading.Thread(target=service.follower.follow, name="champion", daemon=True).start()
    if service.shadow is not None:
        threading.Thread(target=service.shadow.follow, name="candidate", daemon=True).start()
    return app


@contextlib.contextmanager
def counts_folder(data: Path) -> Iterator[str]:
    """A folder for what the workers of one service count together, locked as long as it is used.

    It is in the data folder, as what lies in /tmp may be swept away; in /tmp, where the data folder takes nothing.
    Those of services that were killed are removed.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(_locked_folder(data))
        except OSError:
            folder = stack.enter_context(_locked_folder(Path(gettempdir())))
        yield folder


@contextlib.contextmanager
def _locked_folder(where: Path) -> Iterator[str]:
    where.mkdir(parents=True, exist_ok=True)
    for left in where.glob(f"{_COUNTS}*.lock"):
        with contextlib.suppress(OSError), try_lock(left.with_suffix("")) as is_left:  # it may be another user's
            if is_left:
                shutil.rmtree(left.with_suffix(""), ignore_errors=True)
                left.unlink(missing_ok=True)
    folder = mkdtemp(prefix=_COUNTS, dir=where)
    try:
        with try_lock(Path(folder)):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            Path(f"{folder}.lock").unlink()


def _takes_files(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _give_memory_back() -> None:
    """Have the C library (glibc) return what is freed.

    By itself it keeps some tens of megabytes for each thread that once held a large picture, for its next one.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in _MALLOC.items():
            mallopt(parameter, value)


def _end_with(parent: int) -> None:
    """Stop this worker when its parent was killed: else it would hold the port forever."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_SECONDS_TO_FINISH)
    os.kill(os.getpid(), signal.SIGKILL)


def _listening_place(host: str, port: int) -> tuple[str, int]:
    """The IP address and port to listen on; port 0: a free one.

    The workers share their port (SO_REUSEPORT), and so would a second service: uploads would go to either of them.
    Hence the port is tried here without sharing. Raises `BadRequest` where it cannot be used.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise BadRequest(f"Cannot listen on the address {host!r}. Try --host 127.0.0.1.") from None
    family, *_, place = min(found, key=lambda info: info[0] != socket.AF_INET)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except PermissionError:
            raise BadRequest(f"You lack the rights to listen on port {port}. Try --port 4000.") from None
        except OSError as error:
            raise BadRequest(
                f"Cannot listen on {host} port {port}: {os.strerror(error.errno or 0)}. "
                f"Is the service running already? Choose another port with --port {port + 1}."
            ) from None
        return str(place[0]), int(probe.getsockname()[1])
