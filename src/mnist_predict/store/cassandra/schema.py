"""The keyspace and its tables: made on first use, migrated under a lock, safe when several services start at once."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice, product
from typing import Any
from uuid import UUID, uuid4, uuid5

from cassandra import InvalidRequest

from mnist_predict.errors import StoreUnavailable
from mnist_predict.store.cassandra.legacy import carry_over, is_first_version, rename_old_tables
from mnist_predict.store.cassandra.search import newest
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.cassandra.write import put_index, put_pictures
from mnist_predict.store.migrations import missing
from mnist_predict.store.record import Record
from mnist_predict.store.search import END

LOCK_SECONDS = 60  # after which the lock of a service that died is free
RETRY_SECONDS = 0.2
PATIENCE = 180.0  # seconds to wait for another service that migrates
TOGETHER = 500  # records of a store that are given at a time what newer tables need of them

_IDS = UUID("8f2d6f0e-52c5-4d5c-9a0f-6d6e69737431")

log = logging.getLogger("mnist_predict.store")


def prepare(session: Session, add: Callable[[Record], object]) -> None:
    """Make the keyspace and its schema what this program needs; `add` keeps a record of an older version.

    Raises `StoreRefused` where the schema is newer than this program.
    """
    for _ in range(25):
        try:
            return _prepare(session, add)
        except InvalidRequest as error:
            # A keyspace that was made this moment is not known to every node yet. Every step may be repeated.
            failure = error
            time.sleep(RETRY_SECONDS)
    raise failure


def _prepare(session: Session, add: Callable[[Record], object]) -> None:
    wanted = _copies_wanted(session)
    if not _keyspace(session):
        session.driver.execute(f"create keyspace if not exists {session.place.keyspace} with {_replication(wanted)}")
    if is_first_version(session):
        # The first version's keyspace wants two copies even on one node, where no quorum of two can be had.
        session.execute(f"alter keyspace {session.place.keyspace} with {_replication(wanted)}")
    _warn_of_few_copies(session, wanted)
    if not missing("cassandra", _version(session)):
        return
    # With an id of our own: made at once by two services, it is yet one table. Left to itself, Cassandra may give
    # it two ids, and then refuses both.
    session.execute(
        "create table if not exists migration_lock (name text primary key, holder uuid) "
        f"with id = {uuid5(_IDS, session.place.keyspace)}"
    )
    with _lock(session) as renew:
        steps = missing("cassandra", _version(session))  # asked again, now that nobody else migrates
        if not steps:
            return
        if is_first_version(session):
            rename_old_tables(session)
        session.execute("create table if not exists migration (version int primary key, name text, applied timestamp)")
        for step in steps:
            for statement in step.script.split(";\n"):
                if any(line.strip() and not line.startswith("--") for line in statement.splitlines()):
                    session.execute(statement)
        if steps[0].version == 1:
            carry_over(session, _tables(session), add, renew)  # with all tables there, as this program keeps records
        else:
            _fill(session, {step.name for step in steps}, renew)
        for step in steps:
            session.execute(
                "insert into migration (version, name, applied) values (%s, %s, toTimestamp(now()))",
                *(step.version, step.name),
            )


def _keyspace(session: Session) -> list[Any]:
    cql = "select replication from system_schema.keyspaces where keyspace_name = %s"
    return list(session.driver.execute(cql, (session.place.keyspace,)))


def _tables(session: Session) -> set[str]:
    cql = "select table_name from system_schema.tables where keyspace_name = %s"
    return {row[0] for row in session.execute(cql, session.place.keyspace)}


def _version(session: Session) -> int:
    if "migration" not in _tables(session):
        return 0
    return max((row[0] for row in session.execute("select version from migration")), default=0)


def _data_centre(session: Session) -> tuple[str, int]:
    """The local data centre and how many nodes it has."""
    centres = [host.datacenter for host in session.cluster.metadata.all_hosts()]
    local = session.place.dc or session.cluster.get_control_connection_host().datacenter
    return local, centres.count(local)


def _copies_wanted(session: Session) -> dict[str, int]:
    centre, nodes = _data_centre(session)
    return {centre: session.place.copies or min(3, max(1, nodes))}


def _replication(copies: dict[str, int]) -> str:
    return f"replication = { {'class': 'NetworkTopologyStrategy', **copies} }"


def _warn_of_few_copies(session: Session, wanted: dict[str, int]) -> None:
    keyspace = session.place.keyspace
    for [found], (centre, copies) in product(_keyspace(session), wanted.items()):
        kept = found.get(centre) or found.get("replication_factor", "0")
        if int(kept.partition("/")[0]) < copies:
            log.warning(
                "Keyspace %s keeps %s copies of each row in %s; with these nodes it should keep %d. "
                "Run in cqlsh: ALTER KEYSPACE %s WITH %s; then on each node: nodetool repair --full %s",
                *(keyspace, kept, centre, copies, keyspace, _replication(wanted), keyspace),
            )


@contextmanager
def _lock(session: Session) -> Iterator[Callable[[], None]]:
    """Hold the lock of migrations; what is yielded prolongs it. It ends by itself if this process dies."""
    me = uuid4()
    claim = "insert into @migration_lock (name, holder) values ('schema', ?) if not exists using ttl ?"
    look = "select name, holder from @migration_lock where name = ?"
    give_up = time.monotonic() + PATIENCE
    while True:
        other = session.compare_and_set(claim, me, LOCK_SECONDS, look=look, key="schema")
        if other is None or other[1] == me:
            break
        if time.monotonic() > give_up:
            raise StoreUnavailable(
                "Another service has been changing the schema of the store for minutes. Try again when it is done."
            )
        time.sleep(0.2)

    def renew() -> None:
        prolong = "update @migration_lock using ttl ? set holder = ? where name = 'schema' if holder = ?"
        session.run(prolong, LOCK_SECONDS, me, me)

    try:
        yield renew
    finally:
        session.run("delete from @migration_lock where name = 'schema' if holder = ?", me)


def _fill(session: Session, steps: Iterable[str], renew: Callable[[], None]) -> None:
    """Write what these steps of the schema need of all records.

    Broken off, it is begun again, and writes the same rows once more. Services of the version before must not run
    meanwhile: what they keep is not found by searches, nor by who erases its picture. `renew` is called all the time.
    """
    names = [step.partition("_")[2] for step in steps]
    fillers = [_FILLERS[name] for name in names if name in _FILLERS]
    if not fillers:
        return
    records = newest(session, UUID(int=0), END, TOGETHER)
    done = 0
    while together := list(islice(records, TOGETHER)):
        if not done:
            log.warning("Making what newer tables need of the records that are kept. That takes minutes for a million.")
        for filler in fillers:
            filler(session, together)
        done += len(together)
        renew()
    if done:
        log.warning("Newer tables have %d records now.", done)


def _list(session: Session, records: Sequence[Record]) -> None:
    """List records where an eraser looks for them."""
    put_pictures(session, records, {})


_FILLERS: dict[str, Callable[[Session, Sequence[Record]], None]] = {"search.cql": put_index, "erased.cql": _list}
