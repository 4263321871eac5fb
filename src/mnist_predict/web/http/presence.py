"""Whether a client is still there.

WSGI does not tell by which connection a request came, and the server closes its end as soon as the client closes the
other one. So a client has left for sure when this process has no connection to its address any more. Behind a proxy,
which keeps connections for all of its clients, that is seldom seen. Linux only; elsewhere nobody leaves.
"""

import os
import socket
from contextlib import suppress
from time import monotonic

from mnist_predict.web.http.proxies import PEER, parse_address
from mnist_predict.web.wsgi import Environ

_AGAIN = 0.5  # seconds until it is looked for once more


class Presence:
    """The client at that address, as seen from the request that it has just sent."""

    def __init__(self, environ: Environ) -> None:
        # Another server than ours may have its connections elsewhere.
        self._address = environ.get(PEER) if environ.get("SERVER_SOFTWARE") == "Granian" else None
        self._looked = monotonic()

    def left(self) -> bool:
        """Whether it has left."""
        now = monotonic()
        if self._address is None or now - self._looked < _AGAIN:
            return False
        self._looked = now
        connected = _connected()
        return connected is not None and self._address not in connected


def _connected() -> set[str] | None:
    """The addresses to which this process has connections; None where that cannot be told."""
    try:
        descriptors = os.listdir("/proc/self/fd")  # noqa: PTH208
    except OSError:
        return None
    found = set()
    for descriptor in descriptors:
        with suppress(OSError, IndexError):  # closed meanwhile, or no connection of this kind
            if os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:"):  # noqa: PTH115
                with socket.fromfd(int(descriptor), socket.AF_INET, socket.SOCK_STREAM) as connection:
                    found.add(str(parse_address(connection.getpeername()[0])))
    return found
