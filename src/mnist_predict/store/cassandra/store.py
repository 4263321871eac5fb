"""The store in a Cassandra cluster. docs/cassandra.md tells what each table is for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import islice
from uuid import UUID

from mnist_predict.errors import Gone, StoreUnavailable
from mnist_predict.store.cassandra import erase as erasing
from mnist_predict.store.cassandra import review, write
from mnist_predict.store.cassandra.index import Sayings
from mnist_predict.store.cassandra.nodes import Nodes
from mnist_predict.store.cassandra.partitions import all_buckets
from mnist_predict.store.cassandra.pool import Shared
from mnist_predict.store.cassandra.rows import GET, blob, from_row, partition
from mnist_predict.store.cassandra.schema import prepare
from mnist_predict.store.cassandra.search import newest
from mnist_predict.store.cassandra.search import search as find
from mnist_predict.store.cassandra.session import Link
from mnist_predict.store.durability import Durability
from mnist_predict.store.ids import new_id
from mnist_predict.store.protocol import Store, Unreviewed
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.search import END, Found, Search


class CassandraStore(Shared, Store):
    """A `Store` in one keyspace (see there for the methods). The session begins with the first use in each process."""

    def _prepare(self, link: Link) -> None:
        # Each partition is listed once by a process, the first time it writes there.
        self._list_partition = lru_cache(10_000)(partial(write.put_partition, link))
        prepare(link, lambda record: self._add(link, record))
        self._nodes = Nodes(link)

    def add(self, record: Record, picture: bytes | None = None) -> Record:
        with self._using() as link:
            return self._add(link, record, picture)

    def _add(self, link: Link, record: Record, picture: bytes | None = None) -> Record:
        if record.key is not None:
            record = write.claim(link, record)
        looking = link.start(GET, *partition(record.id), record.id)
        asked = erasing.ask_of(link, [record])
        self._list_partition(partition(record.id))
        known = {record.sha256: picture} if picture is not None and record.sha256 is not None else {}
        write.put_pictures(link, [record], known)
        if gone := erasing.barred(link, asked):
            erasing.take_away(link, [record])
            raise Gone(gone.pop())
        there = link.start(write.THERE, blob(record.sha256)) if known else None
        found = looking.result().one()
        if found:
            # It is written again: what its first writer had not yet done is then done.
            kept = from_row(found)
            write.same((kept.image_name, blob(kept.sha256)), record, kept.id)
            record = kept
        if gone := self._put(link, [record]):
            raise Gone(gone.pop())
        if there is not None and there.result().one() is None:
            raise StoreUnavailable(
                "This picture was erased by a machine whose clock is ahead of this one's. Set the clocks, or try later."
            )
        return record

    def _put(self, link: Link, records: Sequence[Record]) -> set[UUID]:
        """Keep records that are listed; the ids that were barred meanwhile, whose records are taken away again."""
        sayings = Sayings(link, records)
        write.put_records(link, records)
        asked = erasing.ask_of(link, records)
        write.put_pointers(link, records, sayings)
        gone = erasing.barred(link, asked)
        erasing.take_away(link, [record for record in records if gone & {record.id, record.label_of}])
        return gone

    def add_all(self, records: Sequence[Record], pictures: Mapping[str, bytes]) -> None:
        with self._using() as link:
            gone = erasing.barred(link, erasing.ask_of(link, records))
            kept = [record for record in records if not gone & {record.id, record.label_of}]
            unwanted = {record.sha256 for record in records} - {record.sha256 for record in kept}
            write.put_pictures(link, kept, {each: pictures[each] for each in pictures if each not in unwanted})
            for where in {partition(record.id) for record in kept}:
                self._list_partition(where)
            self._put(link, kept)

    def merge(self, record_id: UUID, kept_id: UUID) -> None:
        with self._using() as link:
            link.run("insert into @merged_into (kept, id) values (?, ?)", kept_id, record_id)
            link.run("insert into @merged (id, kept) values (?, ?)", record_id, kept_id)
            if not erasing.merge_into_erased(link, record_id, kept_id):
                for label in _labels(link, kept_id)[:1]:
                    write.put_said(link, kept_id, label)
            if own := _get(link, record_id):  # nodes may have lost whose the key is, and kept the record
                erasing.take_away(link, [replace(own, key=None)])

    def merged(self) -> Iterator[tuple[UUID, UUID]]:
        with self._using() as link:
            yield from link.rows(link.start("select id, kept from @merged"))

    def get(self, record_id: UUID) -> Record | None:
        with self._using() as link:
            found = _get(link, record_id)
            if found is None:
                merged = link.run("select kept from @merged where id = ?", record_id).one()
                found = _get(link, merged[0]) if merged else None
            return found

    def newest(self, image_name: str) -> Record | None:
        with self._using() as link:
            found = link.run("select id from @newest_by_image_name where image_name = ?", image_name).one()
            return _get(link, found[0]) if found else None

    def page(self, before: UUID | None = None, limit: int = 50) -> list[Record]:
        with self._using() as link:
            return list(islice(newest(link, UUID(int=0), min(before or END, END), limit), limit))

    def search(self, search: Search, before: UUID | None = None, limit: int = 50) -> Found:
        with self._using() as link:
            return find(link, search, before, limit)

    def labels(self, record_id: UUID) -> list[Record]:
        with self._using() as link:
            return _labels(link, record_id)

    def picture(self, sha256: str) -> bytes | None:
        with self._using() as link:
            select = "select size, bytes from @picture where sha256 = ?"
            rows = list(link.rows(link.start(select, blob(sha256), fetch_size=8)))
        whole = b"".join(row[1] for row in rows)
        return whole if rows and len(whole) == rows[0][0] else None

    def unreviewed(self, before: UUID | None = None, limit: int = 50, digit: str | None = None) -> Unreviewed:
        with self._using() as link:
            return review.unreviewed(link, min(before or END, END), limit, digit)

    def hold(self, ids: Sequence[UUID], who: str, seconds: float, most: int) -> list[Record]:
        with self._using() as link:
            return review.hold(link, ids, who, seconds, most)

    def set_aside(self, record_id: UUID, who: str, seconds: float) -> None:
        with self._using() as link:
            review.set_aside(link, record_id, who, seconds)

    def together(self, record: Record) -> list[Record]:
        if record.sha256 is None and record.label_of is not None:
            record = self.get(record.label_of) or record
        with self._using() as link:
            return erasing.together(link, record)

    def erase(self, erasure: Erasure) -> Erasure:
        with self._using() as link:
            return erasing.erase(link, erasure)

    def erasures(self) -> Iterator[Erasure]:
        with self._using() as link:
            yield from erasing.erasures(link)

    def erased(self, record_ids: Iterable[UUID]) -> set[UUID]:
        with self._using() as link:
            return erasing.barred(link, erasing.ask(link, record_ids))

    def count(self) -> int:
        cql = "select count(*) from @record where day = ? and bucket = ?"
        counted = 0
        with self._using() as link:
            for partitions in all_buckets(link, UUID(int=0), END):
                counting = [link.start(cql, *partition) for partition in partitions]
                counted += sum(count.result().one()[0] for count in counting)
        return counted

    def pictures(self) -> Iterator[str]:
        with self._using() as link:
            for [digest] in link.rows(link.start("select distinct sha256 from @picture")):
                yield digest.hex()

    def durability(self, look: bool = False) -> Durability:
        """How the nodes sync, and which lives they live; see `Store.durability`."""
        with self._using():
            return self._nodes.look() if look else self._nodes.durability

    def check_writable(self) -> None:
        with self._using() as link:
            link.run("insert into @pulse (shelf, beat) values (0, ?) using ttl 60", new_id())


def _labels(link: Link, record_id: UUID) -> list[Record]:
    select = "select id from @label_of_record where label_of = ?"
    own = link.start(select, record_id)
    merged = link.rows(link.start("select id from @merged_into where kept = ?", record_id))
    found = [own, *(link.start(select, row[0]) for row in merged)]
    ids = sorted((row[0] for rows in found for row in link.rows(rows)), reverse=True)
    return [label for label_id in ids if (label := _get(link, label_id))]


def _get(link: Link, record_id: UUID) -> Record | None:
    row = link.run(GET, *partition(record_id), record_id).one()
    return from_row(row) if row else None
