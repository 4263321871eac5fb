"""Trusted proxies: who the client is, and by which scheme it came, where a reverse proxy stands in front.

Anybody can send `X-Forwarded-For` and `X-Forwarded-Proto`. They are believed only from the addresses that the setting
`proxies` names, and of a chain of addresses only what these proxies have appended.
"""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from mnist_predict.errors import BadRequest
from mnist_predict.web.wsgi import Environ, Wsgi

Network = IPv4Network | IPv6Network


def trusted_networks(setting: str) -> tuple[Network, ...]:
    """The addresses and networks that the setting lists; raises `BadRequest` for what is neither."""
    try:
        return tuple(ip_network(part.strip()) for part in setting.split(",") if part.strip())
    except ValueError as error:
        raise BadRequest(
            f"MNIST_PREDICT_PROXIES lists addresses or networks, such as 127.0.0.1,10.0.0.0/8: {error}."
        ) from error


PEER = "mnist_predict.peer"  # in the environ: the address at the other end of the connection


class TrustedProxies:
    """WSGI middleware that puts the client's address and scheme in the place of a trusted proxy's."""

    def __init__(self, app: Wsgi, networks: tuple[Network, ...]) -> None:
        self.app = app
        self._networks = networks

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        address = parse_address(environ.get("REMOTE_ADDR", ""))
        environ[PEER] = str(address)
        if address is not None and self._trusted(address):
            scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
            for forwarded in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
                if not self._trusted(address) or (sender := parse_address(forwarded)) is None:
                    break
                address = sender
            environ["REMOTE_ADDR"] = str(address)
        return self.app(environ, start_response)

    def _trusted(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._networks)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """An address with or without a port, as proxies write it; one of IPv4 within IPv6 as what it is."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.version == 6 and address.ipv4_mapped) or address
