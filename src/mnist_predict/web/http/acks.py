"""No 40 ms pause for clients that send the head and the body of a request apart.

Such a client's kernel holds the body back until the head is acknowledged (Nagle, RFC 896), while this side's holds
the acknowledgement back to send it along with an answer (RFC 1122, 4.2.3.2), which waits for the body. The server
sets TCP_NODELAY, but that is this side's Nagle, not the client's. TCP_QUICKACK sends what is held back, once; and as
WSGI does not tell which connection a request came by, all of this process are told. Linux only.

By the way they are all told to notice when the other side is gone, as a phone that left its network in the middle of
a picture: a thread would wait for the rest of it for ever (RFC 1122, 4.2.3.6).
"""

import ctypes
import os
import socket
import sys
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from mnist_predict.web.wsgi import Environ, Wsgi

_SECONDS = 0.25  # a new connection acknowledges at once for longer than this list lags behind
_QUIET = 60  # seconds after which the other side is asked whether it is still there
_UNREAD = 30  # seconds after which a connection is closed, the other side of which takes in nothing
_ON = ctypes.byref(ctypes.c_int(1))
_IDLE = ctypes.byref(ctypes.c_int(_QUIET))
_PATIENCE = ctypes.byref(ctypes.c_int(1000 * _UNREAD))
_USER_TIMEOUT = 18  # in milliseconds (linux/tcp.h); counts while the other side's window is shut, too

_sockets: list[int] = []
_listed = 0.0

if sys.platform == "linux":
    _setsockopt = ctypes.PyDLL(None).setsockopt

    def acknowledge_now() -> None:
        """Send the acknowledgements that are held back; costs about a microsecond a connection."""
        global _sockets, _listed
        now = monotonic()
        if now - _listed > _SECONDS:
            _listed, _sockets = now, _open_sockets()
            for number in _sockets:
                _setsockopt(number, socket.SOL_SOCKET, socket.SO_KEEPALIVE, _ON, 4)
                _setsockopt(number, socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE, 4)
        for number in _sockets:  # if it was closed or reused meanwhile, the call just fails
            _setsockopt(number, socket.IPPROTO_TCP, socket.TCP_QUICKACK, _ON, 4)

    def close_unread() -> None:
        """Have the connections of this process closed, sooner or later, whose other side reads nothing."""
        for number in _open_sockets():
            _setsockopt(number, socket.IPPROTO_TCP, _USER_TIMEOUT, _PATIENCE, 4)

    def _open_sockets() -> list[int]:
        found = []
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
            try:
                if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):  # noqa: PTH115
                    found.append(int(name))
            except OSError:  # closed since it was listed
                continue
        return found

else:

    def acknowledge_now() -> None:
        """Nothing to do: the option is Linux's own."""

    def close_unread() -> None:
        """Nothing to do: the option is Linux's own."""


class QuickAcks:
    """WSGI middleware that lets clients send the bodies that they hold back."""

    def __init__(self, app: Wsgi) -> None:
        self.app = app

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        if environ["REQUEST_METHOD"] == "POST":
            acknowledge_now()
        return self.app(environ, start_response)
