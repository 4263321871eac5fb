"""One process's connection to a cluster: sessions, prepared statements, retries, and errors in plain words.

Only this module, cassandra_policies.py and cassandra_schema.py know the driver. Sources: documentation and code of
cassandra-driver 3.30.
"""

import contextlib
import random
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from cassandra import (
    ConsistencyLevel,
    DriverException,
    OperationTimedOut,
    ReadFailure,
    RequestValidationException,
    Unavailable,
    WriteTimeout,
)
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import (
    EXEC_PROFILE_DEFAULT,
    Cluster,
    ExecutionProfile,
    NoHostAvailable,
    QueryExhausted,
    ResponseFuture,
    ResultSet,
)
from cassandra.connection import ConnectionException, ProtocolVersion
from cassandra.policies import ConstantSpeculativeExecutionPolicy, ExponentialReconnectionPolicy
from cassandra.protocol import ErrorMessage
from cassandra.query import (
    UNSET_VALUE,
    BatchStatement,
    BatchType,
    BoundStatement,
    PreparedStatement,
    SimpleStatement,
    tuple_factory,
)

from mnist_predict.errors import StoreRefused, StoreUnavailable
from mnist_predict.store.cassandra.policies import Retry, SilentLast
from mnist_predict.store.cassandra.url import ClusterUrl
from mnist_predict.store.ids import first_of

ERRORS = (DriverException, NoHostAvailable, ConnectionException, QueryExhausted, ErrorMessage, OSError)
LOST = NoHostAvailable
CAS_UNKNOWN = 0x1700  # error code of protocol 5 that the driver has no name for
TOO_MANY_TOMBSTONES = 1  # why a replica fails to read, of protocol 5
UNKNOWN_OUTCOME = (WriteTimeout, OperationTimedOut, ConnectionException)
TIMEOUT = 5.0  # seconds that a statement may take, with all its retries
ALONE = 2.5  # seconds for one that is asked of one node alone, which itself gives up on the others after two
SPECULATE = 0.25  # seconds after which another node is asked too, if the statement may be repeated
HOUR = 3_600_000  # milliseconds
AHEAD = 8 * 24 * HOUR  # of the clock: later than the ids of all records, as a rule

_MOST_LISTED = 50_000


class Listed:
    """The statements by which a process has listed partitions, so that it need not run them again."""

    def __init__(self) -> None:
        self._listed: set[tuple[Any, ...]] = set()

    def lacking(self, statements: Iterable[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
        """Those of the statements that are still to be run."""
        return set(statements) - self._listed

    def add(self, listed: set[tuple[Any, ...]]) -> None:
        """These have been run now; with very many, it is begun anew."""
        if len(self._listed) > _MOST_LISTED:
            self._listed = set()
        self._listed |= listed


class Session:
    """An open session. Every statement is prepared once, and repeatable unless it is a lightweight transaction."""

    def __init__(self, place: ClusterUrl) -> None:
        self.place = place
        self._nodes = SilentLast(place.dc)
        self.cluster = Cluster(
            place.hosts,
            place.port,
            # Cassandra 4.1 and later. Left to itself, the driver tries protocols that no Cassandra speaks.
            protocol_version=ProtocolVersion.V5,
            auth_provider=PlainTextAuthProvider(place.user, place.password) if place.user else None,
            ssl_context=_ssl_context(place) if place.tls else None,
            execution_profiles={EXEC_PROFILE_DEFAULT: _profile(place, self._nodes)},
            reconnection_policy=ExponentialReconnectionPolicy(0.5, 10),
            connect_timeout=3,
            control_connection_timeout=3,
            prepare_on_all_hosts=False,  # the others are told when they are first asked, and none is waited for
            idle_heartbeat_interval=5,
            idle_heartbeat_timeout=5,
        )
        try:
            self.driver = self.cluster.connect()
            self.driver._default_timeout = TIMEOUT / 5  # of preparing; the driver has no other way to set it
        except BaseException:
            self.cluster.shutdown()
            raise
        self.listed = Listed()
        self.users = 0  # guarded by the pool, which closes a session that was lost when the last of them has left
        self._prepared: dict[str, PreparedStatement] = {}
        self._preparing = threading.Lock()

    def start(self, cql: str, *values: Any, fetch_size: int = 1000) -> ResponseFuture:
        """Send a statement; `result()` of what is returned waits for its rows.

        `?` stands for a value, `@` for the keyspace: Cassandra warns of prepared statements that leave it open.
        """
        statement = self._bind(cql, values)
        statement.fetch_size = fetch_size
        return self._send(statement)

    def rows(self, future: ResponseFuture) -> Iterator[Any]:
        """All rows of a statement that `start` sent.

        Each page is asked for anew. Where the driver pages on by itself, it takes a late answer of speculative
        execution to one page for the next page, and rows come twice or not at all.
        """
        result = future.result()
        yield from result.current_rows
        while result.has_more_pages:
            result = self._send(future.query, paging_state=result.paging_state).result()
            yield from result.current_rows

    def between(self, cql: str, *values: Any, fetch_size: int = 1000) -> Iterator[Any]:
        """The rows from one id up to but without another, newest first; asked for at once.

        The two ids are the last values of the statement, and each row begins with its own. Where so many rows were
        deleted that a node refuses to read past them (`tombstone_failure_threshold`), it is asked for shorter times.
        """
        return self._between(self.start(cql, *values, fetch_size=fetch_size), cql, values, fetch_size)

    def _between(self, asked: ResponseFuture, cql: str, values: Sequence[Any], fetch_size: int) -> Iterator[Any]:
        *key, first, end = values
        now = time.time_ns() // 1_000_000
        marks = [now, now + AHEAD]  # which are gone down to first: few ids are later
        low, step = first, min(2 * HOUR, (end.int - first.int) >> 80)  # the latter in milliseconds
        while True:
            try:
                for row in self.rows(asked):
                    end = row[0]
                    yield row
                if low == first:
                    return
                end, step = low, step * 2
            except ReadFailure as error:
                if step <= 1 or TOO_MANY_TOMBSTONES not in error.error_code_map.values():
                    raise
                step = max(1, step // 8)
            while marks and first_of(marks[-1]) >= end:
                marks.pop()
            next_low = marks.pop() if marks else (end.int >> 80) - step
            low = first_of(next_low) if next_low > first.int >> 80 else first
            asked = self.start(cql, *key, low, end, fetch_size=fetch_size)

    def batch(self, statements: Iterable[tuple[Any, ...]]) -> ResponseFuture:
        """Send writes, each with its values, in one request; as `start`.

        Those of one partition are one mutation: all or nothing. Of several partitions they must be small and few, or a
        node warns of them and refuses them (`batch_size_fail_threshold`, 50 KiB).
        """
        batch = BatchStatement(BatchType.UNLOGGED)
        batch.is_idempotent = True
        for cql, *values in statements:
            batch.add(self._bind(cql, values))
        return self._send(batch)

    def run(self, cql: str, *values: Any) -> ResultSet:
        """The first page of a statement's rows, as tuples."""
        return self.start(cql, *values).result()

    def execute(self, cql: str, *values: Any, consistency: int | None = None) -> list[Any]:
        """The rows of a statement that is run once and not prepared; `%s` stands for a value."""
        statement = SimpleStatement(cql, keyspace=self.place.keyspace, consistency_level=consistency)
        return list(self.driver.execute(statement, values or None))

    def compare_and_set(self, cql: str, *values: Any, look: str, key: str | UUID) -> tuple[Any, ...] | None:
        """Run a lightweight transaction: None when it was applied, else the row that stood in its way.

        When its outcome is unknown, `look` (a `select` of one row by `key`, with the columns in the order of the
        table) is read at serial consistency, which also ends what is half done. The row found may then be the
        one that this very call wrote. Only when there is none it is run again.
        """
        failure: Exception | None = None
        give_up = time.monotonic() + 1.5 * TIMEOUT
        for attempt in range(10):
            try:
                if failure is None:
                    row = self.run(cql, *values).one()
                    return None if row[0] else tuple(row[1:])
                statement = self._prepare(look).bind((key,))
                statement.consistency_level = ConsistencyLevel.LOCAL_SERIAL
                found: tuple[Any, ...] | None = self._send(statement).result().one()
                if found is not None:
                    return found
                failure = None
            except (*UNKNOWN_OUTCOME, ErrorMessage) as error:
                if time.monotonic() > give_up or (isinstance(error, ErrorMessage) and error.code != CAS_UNKNOWN):
                    raise
                failure = error
                time.sleep(random.random() * 0.01 * 2**attempt)  # noqa: S311 (others contend for the key)
        raise failure or StoreUnavailable("Too many uploads share one Idempotency-Key. Try again.")

    def _send(self, statement: Any, **options: Any) -> ResponseFuture:
        timeout = TIMEOUT if statement.is_idempotent else ALONE
        future = self.driver.execute_async(statement, timeout=timeout, **options)
        asked = (future.attempted_hosts,)  # not the future, which would hold itself in memory
        future.add_callbacks(self._heard, self._heard, callback_args=asked, errback_args=asked)
        return future

    def _heard(self, answer: Any, asked: list[Any]) -> None:
        """Those that were asked in vain come last from now on; the last of them is the one that answered."""
        answered = () if isinstance(answer, OperationTimedOut) else asked[-1:]
        self._nodes.were_silent(set(asked).difference(answered))

    def _bind(self, cql: str, values: Sequence[Any]) -> BoundStatement:
        # A null would be written as a tombstone; what is unset is not written at all.
        return self._prepare(cql).bind([UNSET_VALUE if value is None else value for value in values])

    def _prepare(self, cql: str) -> PreparedStatement:
        prepared = self._prepared.get(cql)
        if prepared is None:
            with self._preparing:
                prepared = self._prepare_somewhere(cql.replace("@", f"{self.place.keyspace}."))
                prepared.is_idempotent = " if " not in cql
                self._prepared[cql] = prepared
        return prepared

    def _prepare_somewhere(self, cql: str) -> PreparedStatement:
        for _ in range(2):
            with contextlib.suppress(OperationTimedOut):
                return self.driver.prepare(cql)
        return self.driver.prepare(cql)  # a third node; each attempt asks the next

    def close(self) -> None:
        """Let go of every connection."""
        self.cluster.shutdown()


def explain(error: Exception, place: ClusterUrl) -> StoreUnavailable:
    """The same error in words that say what to do. Nothing was acknowledged."""
    if isinstance(error, StoreUnavailable):
        return error
    if isinstance(error, Unavailable):
        return StoreUnavailable(
            f"Too few Cassandra nodes are up: {error.alive_replicas} of the {error.required_replicas} copies "
            "needed can be reached. Start the nodes that are down."
        )
    reasons = error.errors if isinstance(error, NoHostAvailable) else error
    if "credentials" in str(reasons):
        return StoreRefused(
            f"Cassandra at {place} refuses the user {place.user!r} or the password. Mend MNIST_PREDICT_STORE."
        )
    if "CERTIFICATE_VERIFY_FAILED" in str(reasons):
        return StoreRefused(
            f"The certificate of Cassandra at {place} is not trusted. Name the file of its authority with ca=FILE "
            "in MNIST_PREDICT_STORE; the certificate must name the nodes' addresses."
        )
    if isinstance(error, OperationTimedOut | WriteTimeout):
        return StoreUnavailable(f"Cassandra at {place} takes too long to answer. See whether its nodes are well.")
    if isinstance(error, RequestValidationException | ErrorMessage):
        return StoreUnavailable(f"Cassandra at {place} refuses what this program asks of it: {error}")
    return StoreUnavailable(
        f"Cassandra at {place} cannot be reached ({type(error).__name__}). Start it, or name another store "
        "with MNIST_PREDICT_STORE."
    )


def _profile(place: ClusterUrl, nodes: SilentLast) -> ExecutionProfile:
    return ExecutionProfile(
        load_balancing_policy=nodes,
        retry_policy=Retry(),
        consistency_level=ConsistencyLevel.name_to_value[place.consistency.upper()],
        serial_consistency_level=ConsistencyLevel.LOCAL_SERIAL,
        request_timeout=TIMEOUT,
        row_factory=tuple_factory,
        speculative_execution_policy=ConstantSpeculativeExecutionPolicy(SPECULATE, 1),
    )


def _ssl_context(place: ClusterUrl) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=place.ca or None)
    context.check_hostname = place.check_host
    return context
