"""How the nodes of a cluster sync their commit logs, and whether one of them has died or started anew.

With `commitlog_sync: periodic`, Cassandra's default, a write is acknowledged before it is on a disk. A node that is
killed loses what came in the last 100 ms, at a power cut what came since the last sync. Whether that may have happened
shows in the nodes' generations: a node takes a new one, and keeps it on its disk, each time it starts.
"""

import re
import time
from typing import Any

from cassandra import InvalidRequest, Unauthorized
from cassandra.query import SimpleStatement

from mnist_predict.store.cassandra.session import ALONE, ERRORS, Session
from mnist_predict.store.durability import Durability

DEFAULT_PERIOD = 10.0  # seconds: Cassandra's own, assumed of nodes that do not tell theirs
SILENT = 3.0  # seconds without a heartbeat after which a node is dead; it has one each second
CONNECTING = 1.0  # seconds that the driver may take to connect to the other nodes of a new session

# Any user may ask for the first. Where users have permissions, the others need SELECT on keyspace system_views.
_GENERATION = SimpleStatement("select gossip_generation from system.local", is_idempotent=True)
_GOSSIP = SimpleStatement("select address, generation, heartbeat from system_views.gossip_info", is_idempotent=True)
_SETTINGS = SimpleStatement(
    "select name, value from system_views.settings "
    "where name in ('commitlog_sync', 'commitlog_sync_period', 'commitlog_sync_period_in_ms')",
    is_idempotent=True,
)
_REFUSED = Unauthorized, InvalidRequest  # the latter: no such table, before Cassandra 4.1
_DEAD = "dead"
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86_400}


class Nodes:
    """The nodes of the local data centre: their acknowledgements count at LOCAL_QUORUM."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._periods: dict[str, tuple[str, float]] = {}  # by address: the generation that told it, seconds
        self._beats: dict[str, tuple[tuple[int, int], float]] = {}  # silent nodes: generation and heartbeat, since when
        self._wait_for_connections()
        self.durability = self.look()

    def look(self) -> Durability:
        """Ask all nodes again. Raises what the driver raises when none of them answers."""
        hosts = self._hosts()
        answers = self._ask(hosts, _GENERATION)
        lives = {_address(host): str(rows[0][0]) for host, rows in answers}
        self._learn_periods([host for host, _ in answers], lives)
        silent = [_address(host) for host in hosts if _address(host) not in lives]
        self._beats = {address: beat for address, beat in self._beats.items() if address in silent}
        if silent:
            lives |= self._lives_of_silent(silent, [host for host, _ in answers])
        epoch = " ".join(f"{address}={life}" for address, life in sorted(lives.items())) if all(lives.values()) else ""
        self.durability = Durability(max(map(self._period, lives.items())), epoch)
        return self.durability

    def _hosts(self) -> list[Any]:
        cluster = self._session.cluster
        local = self._session.place.dc or cluster.get_control_connection_host().datacenter
        return [host for host in cluster.metadata.all_hosts() if host.datacenter == local]

    def _wait_for_connections(self) -> None:
        """A session begins with its first connection; a node it has none to yet would seem silent."""
        give_up = time.monotonic() + CONNECTING
        while time.monotonic() < give_up:
            connected = self._session.driver.get_pool_state()
            if all(host in connected for host in self._hosts() if host.is_up):
                return
            time.sleep(0.02)

    def _ask(self, hosts: list[Any], statement: SimpleStatement) -> list[tuple[Any, list[Any]]]:
        """The nodes that answer, with their rows. Raises the last error when none does."""
        asked = [(host, self._session.driver.execute_async(statement, host=host, timeout=ALONE)) for host in hosts]
        answers: list[tuple[Any, list[Any]]] = []
        failure: Exception | None = None
        for host, future in asked:
            try:
                answers.append((host, list(future.result())))
            except ERRORS as error:
                failure = error
        if failure is not None and not answers:
            raise failure
        return answers

    def _learn_periods(self, hosts: list[Any], lives: dict[str, str]) -> None:
        """Ask nodes that have started since they were last asked: the setting changes only with a start."""
        for host in hosts:
            address = _address(host)
            if self._periods.get(address, ("",))[0] == lives[address]:
                continue
            try:
                [(_, rows)] = self._ask([host], _SETTINGS)
                period = sync_period(dict(rows))
            except _REFUSED:
                period = DEFAULT_PERIOD
            self._periods[address] = lives[address], period

    def _period(self, node: tuple[str, str]) -> float:
        address, life = node
        if life.endswith(_DEAD):
            return 0  # it acknowledges nothing
        told_by, period = self._periods.get(address, ("", 0))
        return period if told_by == life else DEFAULT_PERIOD

    def _lives_of_silent(self, silent: list[str], answering: list[Any]) -> dict[str, str]:
        """The lives of nodes that do not answer here, as the others know them; empty where that is not clear yet.

        To the others such a node may be alive, and take writes from them: then its heart beats.
        """
        told: dict[str, tuple[int, int]] = {}
        try:
            for _, rows in self._ask(answering, _GOSSIP):
                for address, generation, beat in rows:
                    told[str(address)] = max(told.get(str(address), (0, 0)), (generation or 0, beat or 0))
        except _REFUSED:
            return dict.fromkeys(silent, _DEAD)
        lives, now = {}, time.monotonic()
        for address in silent:
            beat = told.get(address, (0, 0))
            before, since = self._beats.get(address, (None, now))
            if beat != before:
                self._beats[address] = beat, now
            if before not in (None, beat):
                lives[address] = str(beat[0])
            else:
                lives[address] = f"{beat[0]} {_DEAD}" if now - since > SILENT else ""
        return lives


def _address(host: Any) -> str:
    """The address by which the nodes know one another."""
    return str(host.broadcast_address or host.address)


def sync_period(settings: dict[str, str]) -> float:
    """Seconds that a node's settings leave between a write and its sync: 0 where it is synced first."""
    if settings.get("commitlog_sync", "periodic") != "periodic":
        return 0
    if old := settings.get("commitlog_sync_period_in_ms"):  # its name before Cassandra 4.1, where it has both
        return float(old) / 1000
    found = re.fullmatch(r"(\d+)([a-zµ]+)", settings.get("commitlog_sync_period", ""))
    return int(found[1]) * _UNITS[found[2]] if found and found[2] in _UNITS else DEFAULT_PERIOD
