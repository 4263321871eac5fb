"""Where a cluster is and how to speak with it: the parts of a `cassandra://` url."""

from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

from mnist_predict.errors import BadRequest
from mnist_predict.typed import whole

CONSISTENCIES = ("local_quorum", "quorum", "local_one", "one", "two", "three", "all")
FORM = "cassandra://user:password@host1,host2:9042/keyspace?dc=dc1&tls=yes&ca=ca.pem"


@dataclass(frozen=True)
class ClusterUrl:
    """One cluster and keyspace, as the store setting names them."""

    hosts: tuple[str, ...]
    port: int = 9042
    keyspace: str = "mnistpredict"
    user: str = ""
    password: str = field(default="", repr=False)
    dc: str = ""  # the local data centre; empty: that of the first host that answers
    consistency: str = "local_quorum"
    copies: int = 0  # of each row, when the keyspace is created; 0: three, or one a node where they are fewer
    tls: bool = False
    ca: str = ""  # file of the certificate authority; empty: those that the system trusts
    check_host: bool = True

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Read `cassandra://user:password@host1,host2:9042/keyspace?...`; user and password percent-encoded.

        Options after the `?`: dc, consistency, copies, tls, ca, check_host (fields of this class).
        Raises `BadRequest`, which never repeats the url, as it may hold a password.
        """
        address, _, options = url.removeprefix("cassandra://").partition("?")
        authority, _, keyspace = address.partition("/")
        credentials, _, hosts = authority.rpartition("@")
        user, _, password = credentials.partition(":")
        hosts, port = _split_port(hosts)
        names = tuple(host.strip("[] ") for host in hosts.split(","))
        keyspace = keyspace.lower() or cls.keyspace  # as Cassandra takes a name that is not quoted
        if not all(names):
            raise BadRequest(f"The store setting names no host. Write it as {FORM}.")
        if not (keyspace.isascii() and keyspace.replace("_", "a").isalnum() and len(keyspace) <= 48):
            raise BadRequest("A keyspace is named with at most 48 letters, digits and underscores.")
        return cls(names, port, keyspace, unquote(user), unquote(password), **_options(options))

    def __str__(self) -> str:
        """The hosts, for messages."""
        return f"{','.join(self.hosts)}:{self.port}"


def _split_port(hosts: str) -> tuple[str, int]:
    before, colon, after = hosts.rpartition(":")
    if not colon or after.endswith("]"):  # no port, or the last part of an IPv6 address in brackets
        return hosts, 9042
    port = whole(after, 1, 65535)
    if port is None:
        raise BadRequest(f"The port of the store must be a number from 1 to 65535. Write it as {FORM}.")
    return before, port


def _options(text: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in ("dc", "ca"):
            options[name] = value
        elif name == "consistency" and value.lower() in CONSISTENCIES:
            options[name] = value.lower()
        elif name == "copies" and (copies := whole(value, 0, 1000)) is not None:
            options[name] = copies
        elif name in ("tls", "check_host") and value in ("yes", "no"):
            options[name] = value == "yes"
        else:
            raise BadRequest(
                f"The store setting has an option {name!r} that is not known here or cannot be read. Known: "
                f"dc=NAME, consistency={'|'.join(CONSISTENCIES)}, copies=N, tls=yes|no, ca=FILE, check_host=yes|no."
            )
    return options
