"""The store in a Cassandra cluster. docs/cassandra.md tells what each table is for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from uuid import UUID

from mnist_predict.errors import Gone, StoreUnavailable
from mnist_predict.store.cassandra import erase as erasing
from mnist_predict.store.cassandra import review, write
from mnist_predict.store.cassandra.index import Sayings, get, label_history, newest_labels
from mnist_predict.store.cassandra.nodes import Nodes
from mnist_predict.store.cassandra.partitions import all_buckets
from mnist_predict.store.cassandra.pool import Shared
from mnist_predict.store.cassandra.rows import GET, blob, from_row, partition
from mnist_predict.store.cassandra.schema import prepare
from mnist_predict.store.cassandra.search import newest, newest_upload
from mnist_predict.store.cassandra.search import search as find
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.durability import Durability
from mnist_predict.store.ids import new_id
from mnist_predict.store.protocol import ERASED_AT_ONCE, Store, Unreviewed
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.search import END, Found, Search
from mnist_predict.store.versions import cassandra as versioning
from mnist_predict.store.versions.kept import Assignment, KeptVersion

_CLOCK_AHEAD = "This picture was erased by a machine whose clock is ahead of this one's. Set the clocks, or try later."


class CassandraStore(Shared, Store):
    """A `Store` in one keyspace (see there for the methods). The session begins with the first use in each process."""

    def _prepare(self, session: Session) -> None:
        prepare(session, lambda record: self._add(session, record))
        self._nodes = Nodes(session)

    def add(self, record: Record, picture: bytes | None = None, is_new: bool = False) -> Record:
        with self._using() as session:
            # Who retries under the same key may have been told this id, and a label meets who erases what it labels.
            add = self._add_new if is_new and record.key is None and record.label_of is None else self._add
            return add(session, record, picture)

    def _add_new(self, session: Session, record: Record, picture: bytes | None) -> Record:
        """Keep a record whose id nobody else knows; docs/cassandra.md tells why fewer questions are safe then."""
        known = _by_hash(record, picture)
        with write.listing(session, write.terms_of([record]), write.names_of([record])):
            write.put_pictures(session, [record], known)
        # Not earlier: an eraser whose mark is not seen here sees all that was written before.
        asked = session.start(write.SEEN, blob(record.sha256), record.id) if record.sha256 is not None else None
        with write.Window(session, write.ROWS_AT_ONCE) as window:
            write.put_reviews(session, window, [record])
            write.put_records(session, [record])
        barred, is_kept = (False, True) if asked is None else asked.result().one() or (True, False)
        if barred:
            erasing.take_away(session, [record])
            raise Gone(record.id)
        if known and not is_kept:
            raise StoreUnavailable(_CLOCK_AHEAD)
        return record

    def _add(self, session: Session, record: Record, picture: bytes | None = None) -> Record:
        if record.key is not None:
            record = write.claim(session, record)
        looking = session.start(GET, *partition(record.id), record.id)
        asked = erasing.ask_of(session, [record])
        known = _by_hash(record, picture)
        with write.listing(session, write.terms_of([record])):
            write.put_pictures(session, [record], known)
        if gone := erasing.barred(session, asked):
            erasing.take_away(session, [record])
            raise Gone(gone.pop())
        there = session.start(write.THERE, blob(record.sha256)) if known else None
        found = looking.result().one()
        if found:
            # It is written again: what its first writer had not yet done is then done.
            kept = from_row(found)
            write.same((kept.image_name, blob(kept.sha256)), record, kept.id)
            record = kept
        if gone := self._put(session, [record]):
            raise Gone(gone.pop())
        if there is not None and there.result().one() is None:
            raise StoreUnavailable(_CLOCK_AHEAD)
        return record

    def _put(self, session: Session, records: Sequence[Record]) -> set[UUID]:
        """Keep records that are listed; the ids that were barred meanwhile, whose records are taken away again."""
        sayings = Sayings(session, records)
        write.put_records(session, records)
        asked = erasing.ask_of(session, records)
        write.put_pointers(session, records, sayings)
        gone = erasing.barred(session, asked)
        erasing.take_away(session, [record for record in records if gone & {record.id, record.label_of}])
        return gone

    def add_all(self, records: Sequence[Record], pictures: Mapping[str, bytes]) -> None:
        with self._using() as session:
            gone = erasing.barred(session, erasing.ask_of(session, records))
            kept = [record for record in records if not gone & {record.id, record.label_of}]
            unwanted = {record.sha256 for record in records} - {record.sha256 for record in kept}
            with write.listing(session, write.terms_of(kept)):
                write.put_pictures(session, kept, {each: pictures[each] for each in pictures if each not in unwanted})
            self._put(session, kept)

    def merge(self, record_id: UUID, kept_id: UUID) -> None:
        with self._using() as session:
            session.run("insert into @merged_into (kept, id) values (?, ?)", kept_id, record_id)
            session.run("insert into @merged (id, kept) values (?, ?)", record_id, kept_id)
            if not erasing.merge_into_erased(session, record_id, kept_id):
                for label in label_history(session, kept_id):
                    write.put_said(session, kept_id, label)
            if own := get(session, record_id):  # nodes may have lost whose the key is, and kept the record
                erasing.take_away(session, [replace(own, key=None)])

    def merged(self) -> Iterator[tuple[UUID, UUID]]:
        with self._using() as session:
            yield from session.rows(session.start("select id, kept from @merged"))

    def get(self, record_id: UUID) -> Record | None:
        with self._using() as session:
            found = get(session, record_id)
            if found is None:
                merged = session.run("select kept from @merged where id = ?", record_id).one()
                found = get(session, merged[0]) if merged else None
            return found

    def newest(self, image_name: str) -> Record | None:
        with self._using() as session:
            found = session.run("select id from @newest_by_image_name where image_name = ?", image_name).one()
            if found is None:
                return None
            # Its upload may be under way, or have died: then the name leads to the one before.
            return get(session, found[0]) or newest_upload(session, image_name, found[0])

    def page(self, before: UUID | None = None, limit: int = 50) -> list[Record]:
        with self._using() as session:
            return list(islice(newest(session, UUID(int=0), min(before or END, END), limit), limit))

    def search(self, search: Search, before: UUID | None = None, limit: int = 50) -> Found:
        with self._using() as session:
            return find(session, search, before, limit)

    def label_history(self, record_id: UUID) -> list[Record]:
        with self._using() as session:
            return label_history(session, record_id)

    def newest_labels(self, record_ids: Sequence[UUID]) -> dict[UUID, Record]:
        with self._using() as session:
            return newest_labels(session, record_ids)

    def picture(self, sha256: str) -> bytes | None:
        with self._using() as session:
            select = "select size, bytes from @picture where sha256 = ?"
            rows = list(session.rows(session.start(select, blob(sha256), fetch_size=8)))
        whole = b"".join(row[1] for row in rows)
        return whole if rows and len(whole) == rows[0][0] else None

    def unreviewed(self, before: UUID | None = None, limit: int = 50, digit: str | None = None) -> Unreviewed:
        with self._using() as session:
            return review.unreviewed(session, min(before or END, END), limit, digit)

    def lease(self, ids: Sequence[UUID], who: str, seconds: float, most: int) -> list[Record]:
        with self._using() as session:
            return review.lease(session, ids, who, seconds, most)

    def skip(self, record_id: UUID, who: str, seconds: float) -> None:
        with self._using() as session:
            review.skip(session, record_id, who, seconds)

    def erased_with(self, record: Record, limit: int = ERASED_AT_ONCE) -> list[Record]:
        labelled = self.get(record.label_of) if record.label_of is not None else None
        with self._using() as session:
            return erasing.erased_with(session, labelled or record, record.id, limit)

    def erase(self, erasure: Erasure) -> Erasure:
        with self._using() as session:
            return erasing.erase(session, erasure)

    def erasures(self) -> Iterator[Erasure]:
        with self._using() as session:
            yield from erasing.erasures(session)

    def erased(self, record_ids: Iterable[UUID]) -> set[UUID]:
        with self._using() as session:
            return erasing.barred(session, erasing.ask(session, record_ids))

    def count(self) -> int:
        cql = "select count(*) from @record where day = ? and bucket = ?"
        counted = 0
        with self._using() as session:
            for partitions in all_buckets(session, UUID(int=0), END):
                counting = [session.start(cql, *partition) for partition in partitions]
                counted += sum(count.result().one()[0] for count in counting)
        return counted

    def pictures(self) -> Iterator[str]:
        with self._using() as session:
            for [digest] in session.rows(session.start("select distinct sha256 from @picture")):
                yield digest.hex()

    def keep_version(self, version: KeptVersion, archive: bytes) -> None:
        with self._using() as session:
            versioning.keep(session, version, archive)

    def versions(self) -> list[KeptVersion]:
        with self._using() as session:
            return versioning.versions(session)

    def version_archive(self, name: str) -> bytes | None:
        with self._using() as session:
            return versioning.archive(session, name)

    def assign(self, assignment: Assignment) -> None:
        with self._using() as session:
            versioning.assign(session, assignment)

    def assignments(self, limit: int = 100) -> list[Assignment]:
        with self._using() as session:
            return versioning.assignments(session, limit)

    def durability(self, look: bool = False) -> Durability:
        """How the nodes sync, and which lives they live; see `Store.durability`."""
        with self._using():
            return self._nodes.look() if look else self._nodes.durability

    def check_writable(self) -> None:
        with self._using() as session:
            session.run("insert into @pulse (shelf, beat) values (0, ?) using ttl 60", new_id())


def _by_hash(record: Record, picture: bytes | None) -> dict[str, bytes]:
    return {record.sha256: picture} if picture is not None and record.sha256 is not None else {}
