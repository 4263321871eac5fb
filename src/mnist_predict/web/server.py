"""`serve`: Granian in front of the Flask app, a worker process for each core."""

import os
import signal
import socket
from collections.abc import Callable
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from mnist_predict.errors import BadRequest
from mnist_predict.models.registry import open_version
from mnist_predict.settings import Settings
from mnist_predict.store import data_place, open_store

# A thread is held while a client sends its picture, and mobile networks are slow; reading itself takes turns.
_THREADS = 64
_SECONDS_TO_FINISH = 30  # uploads in flight when the service is asked to stop


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then let uploads in flight finish.

    Raises `BadRequest` for a model, store, address or port that cannot be used, before anything starts.
    """
    address, port = _listening_place(settings.host, settings.port)
    open_version(settings.model)
    store = open_store(settings.store)
    store.check_writable()
    store.close()
    host = "localhost" if settings.host in ("0.0.0.0", "::", "127.0.0.1", "localhost") else settings.host  # noqa: S104
    print(f"Data is kept in {data_place(settings.store)}")
    print(f"Open http://{f'[{host}]' if ':' in host else host}:{port}/uploads", flush=True)
    with TemporaryDirectory(prefix="mnist-predict-metrics-") as folder:
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
        server.serve(target_loader=partial(load, settings), wrap_loader=False)


def load(settings: Settings) -> Callable[..., Any]:
    """The application of one worker process; runs in it, so that nothing heavy is shared by forking."""
    # Ctrl-C reaches every process of the terminal, yet a worker stops when the first process says so; and one that
    # is still loading has nothing to finish, but has inherited a handler that only marks a flag.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    import cv2

    from mnist_predict.web.app import create_app

    cv2.setNumThreads(1)  # there is a worker for each core
    return create_app(settings)


def _listening_place(host: str, port: int) -> tuple[str, int]:
    """The IP address and port to listen on; port 0: a free one.

    The workers share their port (SO_REUSEPORT), and so would a second service: its uploads would go now
    here, now there. Hence the port is tried here without sharing.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise BadRequest(f"There is no address {host!r} to listen on. Try --host 127.0.0.1.") from None
    family, *_, place = min(found, key=lambda each: each[0] != socket.AF_INET)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except PermissionError:
            raise BadRequest(f"Port {port} needs rights that you lack. Try --port 4000.") from None
        except OSError as error:
            raise BadRequest(
                f"Cannot listen on {host} port {port}: {os.strerror(error.errno or 0)}. "
                f"Is the service running already? Choose another port with --port {port + 1}."
            ) from None
        return str(place[0]), int(probe.getsockname()[1])
