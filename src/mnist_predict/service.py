"""What the web and the command line call: read, store, look up, erase. Independent of the kind of store and model."""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import TypeVar
from uuid import UUID

from mnist_predict.beside import forget_beside
from mnist_predict.errors import BadRequest, Gone, NotFound, StoreUnavailable
from mnist_predict.following import Follower
from mnist_predict.labelling import new_label, withdrawal
from mnist_predict.reading import Reading
from mnist_predict.settings import Settings
from mnist_predict.shadow import Shadow
from mnist_predict.stats.counting import open_statistics
from mnist_predict.stats.meter import Meter
from mnist_predict.store.erasing import erase_together
from mnist_predict.store.ids import first_id, go_on_from, new_id
from mnist_predict.store.opening import data_place, open_safe_store
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Erasure, Record
from mnist_predict.store.thumbnails import open_thumbnails
from mnist_predict.turns import Turns
from mnist_predict.vision.load.picture import decode
from mnist_predict.vision.read.expect import Expectation
from mnist_predict.vision.recognizer import Recognizer, open_recognizer
from mnist_predict.written import as_written

T = TypeVar("T")

CLOCKS_DIFFER = timedelta(hours=1)  # at most, between machines that erase
FORGET_EVERY = 300.0  # seconds
TRIED_EVERY, FAILED_FOR = 1.0, 30.0  # seconds
LONGEST_NAME = 1000  # characters; names are keys in stores, where a longer one could be refused for good

log = logging.getLogger("mnist_predict.store")


class Service:
    """One recognizer over one store; thread-safe. Its `meter` may be replaced.

    Pages are read one at a time, and clients take turns: the server has a process for each core, so a second reading
    in one process only slows down the first. Storing waits for the disk, and is done side by side.
    """

    def __init__(self, recognizer: Recognizer, store: Store, settings: Settings) -> None:
        self.recognizer = recognizer
        self.store = store
        self.settings = settings
        self.statistics = open_statistics(store, settings.data, data_place(settings.store_url))
        self.thumbnails = open_thumbnails(settings)
        self.meter = Meter()
        # A version that the settings name stays; else the champion of the store reads.
        self.follower = None if settings.model else Follower(store, Path(settings.data) / "models", self._read_with)
        self._turns = Turns()
        share = settings.shadow
        self.shadow = Shadow(store, Path(settings.data), share, self._turns.busy) if share else None
        self._looks, self._erasing = Turns(2), Turns()
        self._trial = threading.Lock()
        self._tried = -TRIED_EVERY
        self._has_seen_newest = False
        self._failed: tuple[float, StoreUnavailable] | None = None

    def _read_with(self, recognizer: Recognizer) -> None:
        """Read with it from now on; what is under way ends with the one that it began with."""
        self.recognizer = recognizer

    @property
    def model_version(self) -> str:
        """The version that reads now."""
        return self.recognizer.model_version

    def read(self, data: bytes, expected: Expectation | None = None) -> Reading:
        """What the model sees in a picture; nothing is stored.

        Raises the errors of `picture.decode_pages`, and those of `turns.Asker.check`.
        """
        start = perf_counter()
        reading = self.recognizer.read(data, expected, self._turns.turn)
        self.meter.read(reading, perf_counter() - start)
        return reading

    def upload(
        self,
        data: bytes,
        image_name: str,
        key: str | None = None,
        expected: Expectation | None = None,
        by: str | None = None,
    ) -> Record:
        """Read a picture and keep both; durable on return.

        `key`: the idempotency key; a retry with the same key is the same record. `by`: whose token it came with.
        Raises the errors of `read`, `BadRequest` for a bad name, `KeyReused`, `Gone` for a retry of what was erased,
        and `StoreUnavailable`.
        """
        image_name = _name(image_name)
        reading = self.read(data, expected)
        digest = sha256(data).hexdigest()
        record = Record(self._new_id(), image_name, reading.written, "upload", digest, reading, key=key, by=by)
        return self._keep(record, data, is_new=True)

    def record_by_hand(self, image_name: str, number: str, data: bytes | None = None, by: str | None = None) -> Record:
        """Keep the number that a person says a picture shows.

        With `data` the picture is kept too. Where a picture of that name is kept already, the record is
        also a label of it. Raises `BadRequest` for a bad name or number, the errors of `picture.decode`, `Gone` and
        `StoreUnavailable`.
        """
        image_name = _name(image_name)
        written = as_written(number)
        if data is not None:
            decode(data)  # refuse now what no page could show later
        known = self.store.newest(image_name)
        digest = sha256(data).hexdigest() if data is not None else known.sha256 if known else None
        if known is None or known.sha256 != digest:
            record = Record(self._new_id(), image_name, written, "hand", digest, by=by)
            return self._keep(record, data, is_new=True)
        return self._keep(new_label(self.store, known, written, by))

    def label(self, record_id: str, number: str, by: str | None = None, of_number: int | None = None) -> Record:
        """Keep what a person says the number of that very record is: a confirmation or a correction.

        Empty: there is no number. `of_number`: which of the numbers in its picture, by index; None: the primary one.
        Raises `BadRequest` for a bad number, `NotFound`, `Gone` and `StoreUnavailable`.
        """
        written = as_written(number) if number.strip() else ""
        record = self.record(record_id)
        if record.label_of is not None:
            record = self.record(str(record.label_of))
        return self._keep(new_label(self.store, record, written, by, of_number))

    def withdraw(self, label_id: str, by: str | None = None) -> Record:
        """Take a label back by appending one that says so; what was said before it counts again.

        Withdrawn twice, it is the same withdrawal. Raises `BadRequest` for what is no label, `NotFound`, `Gone` and
        `StoreUnavailable`.
        """
        return self._keep(withdrawal(self.store, self.record(label_id), by))

    def _new_id(self) -> UUID:
        """An id newer than those in the store, though the clock may have been set back since."""
        if not self._has_seen_newest:
            with suppress(StoreUnavailable):
                for newest in self.store.page(limit=1):
                    go_on_from(newest.id)
                self._has_seen_newest = True
        return new_id()

    def _keep(self, record: Record, picture: bytes | None = None, is_new: bool = False) -> Record:
        start = perf_counter()
        try:
            kept = self.store.add(record, picture, is_new)
        except StoreUnavailable as error:
            self._failed = monotonic(), error
            raise
        self._failed = None
        self.meter.kept(kept, perf_counter() - start)
        if self.shadow is not None:
            self.shadow.offer(kept)
        return kept

    def check_ready(self) -> None:
        """Raise `StoreUnavailable` where an upload would not be kept.

        It is tried out once in `TRIED_EVERY` seconds, whoever asks how often. A trial may succeed though uploads fail,
        as in a damaged file; so an upload that failed counts, too, for `FAILED_FOR` seconds unless another succeeds.
        """
        with self._trial:
            failed = self._failed
            if failed is not None and monotonic() - failed[0] < FAILED_FOR:
                raise failed[1]
            if monotonic() - self._tried > TRIED_EVERY:
                self.store.check_writable()
                self._tried = monotonic()

    def find(self, image_name: str) -> Record:
        """The newest record of that image name that has a picture. Raises `NotFound` and `StoreUnavailable`."""
        can_be_kept = 0 < len(image_name) <= LONGEST_NAME
        record = self.store.newest(_name(image_name)) if can_be_kept else None
        if record is None:
            raise NotFound(f"No picture is kept under the name {image_name!r}.")
        return record

    def record(self, record_id: str) -> Record:
        """The record of that id; raises `NotFound`, `Gone` and `StoreUnavailable`."""
        try:
            record = self.store.get(UUID(record_id))
        except ValueError:
            raise NotFound(f"No record has the id {record_id!r}.") from None
        if record is None and self.store.erased([UUID(record_id)]):
            raise Gone(UUID(record_id))
        if record is None:
            raise NotFound(f"No record has the id {record_id!r}.")
        return record

    def erased_with(self, record_id: str) -> list[Record]:
        """What would be erased with a record: see `Store.erased_with`; raises the errors of `record`."""
        return self.store.erased_with(self.record(record_id))

    def erase(self, record_id: str, by: str | None = None) -> Erasure:
        """Erase the picture of a record for good, with all its records and their labels; `by`: who asked for it.

        A record without a picture goes with its labels. Of very many, some go, and the erasure is not complete: repeat
        it. Repeated for what is erased already, it completes an erasure that was interrupted, and then raises `Gone`.
        Raises `NotFound` and `StoreUnavailable`.
        """
        try:
            record = self.record(record_id)
        except Gone:
            for erasure in self.store.erasures():
                if UUID(record_id) in erasure.records:
                    self._forget(self.store.erase(erasure).records)
            raise
        return erase_together(self.store, record, by, self._forget, self._erasing)

    def forget_erased(self, since: UUID) -> UUID:
        """Forget on this machine what was erased on any, from that erasure on; returns where to go on the next time.

        Raises `StoreUnavailable`.
        """
        erasures = list(takewhile(lambda erasure: erasure.id >= since, self.store.erasures()))
        self._forget([record_id for erasure in erasures for record_id in erasure.records])
        return max(since, first_id(erasures[0].time - CLOCKS_DIFFER)) if erasures else since

    def keep_forgetting(self) -> None:
        """Forget what is erased on other machines, now and every few minutes; does not return."""
        since = UUID(int=0)
        while True:
            start = monotonic()
            try:
                since = self.forget_erased(since)
            except StoreUnavailable as error:
                log.warning("What was erased on other machines is forgotten here later. %s", error)
            sleep(max(FORGET_EVERY, 50 * (monotonic() - start)))

    def _forget(self, erased: Sequence[UUID]) -> None:
        self.statistics.kept.forget(erased)
        self.thumbnails.drop(erased)
        forget_beside(self.settings.data, erased)

    def thumbnail(self, record: Record, page: int, make: Callable[[], bytes]) -> bytes:
        """The thumbnail of a record's page: the one that is kept; else what `make` makes, kept from now on.

        Raises `Gone` where the record was erased meanwhile, and what `make` raises.
        """
        kept = self.thumbnails.get(record.id, page)
        if kept is not None:
            return kept
        made = make()
        self.thumbnails.put(record.id, page, made)
        # Asked only now: who erases forgets thumbnails last, so one of the two sees the other.
        try:
            erased = bool(self.store.erased([record.id]))
        except StoreUnavailable:
            self.thumbnails.drop([record.id])
            return made
        if erased:
            self.thumbnails.drop([record.id])
            raise Gone(record.id)
        return made

    def stored(self, record: Record) -> str:
        """Where a record is now: in the store, or in the spool until the store is back."""
        return "spool" if self.store.is_waiting(record.id) else "store"

    def look(self, record: Record, use: Callable[[bytes], T]) -> T:
        """What `use` makes of the picture of a record. One at a time for each client, as a picture may be large."""
        with self._looks.turn():
            return use(self.picture(record))

    def picture(self, record: Record) -> bytes:
        """The picture of a record, byte for byte as uploaded; raises `NotFound` and `StoreUnavailable`."""
        picture = self.store.picture(record.sha256) if record.sha256 else None
        if picture is None:
            raise NotFound(f"Record {record.id} has no picture.")
        return picture


def open_service(settings: Settings) -> Service:
    """The service of these settings. Loads the model; the store is opened on first use.

    Raises `BadRequest` for a model or store that cannot be used.
    """
    return Service(open_recognizer(settings.model), open_safe_store(settings), settings)


def _name(image_name: str) -> str:
    if not 0 < len(image_name) <= LONGEST_NAME:
        raise BadRequest(f"The name of an image has 1 to {LONGEST_NAME} characters. Give it another name.")
    # The command line hands on the bytes of a file name that are no UTF-8 as lone surrogates: kept as "?".
    return image_name.encode("utf-8", "replace").decode()
