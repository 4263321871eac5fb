"""The service as one web worker runs it: measured, and one reading at a time."""

import threading
from time import perf_counter
from typing import TYPE_CHECKING

from mnist_predict.reading import Reading
from mnist_predict.service import Service
from mnist_predict.store.record import Record, Store
from mnist_predict.vision.expect import Expectation
from mnist_predict.web.telemetry import metrics

if TYPE_CHECKING:
    from mnist_predict.vision.recognizer import Recognizer


class MeasuredService(Service):
    """A `Service` that counts what it does and lets its threads read one after the other.

    There is a worker process for each core, so a second reading in one process only slows down the first;
    in turn, the median and the slowest stay close. Storing waits for the disk, so that is done side by side.
    """

    def __init__(self, recognizer: "Recognizer", store: Store) -> None:
        super().__init__(recognizer, store)
        self._turn = threading.Lock()
        self._read_until = threading.local()

    def read(self, data: bytes, expected: Expectation | None = None) -> Reading:
        """See `Service.read`."""
        with self._turn:
            start = perf_counter()
            reading = super().read(data, expected)
            end = perf_counter()
        metrics.read_seconds(end - start)
        self._read_until.at = end
        if not reading.number:
            metrics.count_reading_without_number()
        return reading

    def upload(
        self,
        data: bytes,
        image_name: str,
        key: str | None = None,
        expected: Expectation | None = None,
        by: str | None = None,
    ) -> Record:
        """See `Service.upload`."""
        record = super().upload(data, image_name, key, expected, by)
        metrics.store_seconds(perf_counter() - self._read_until.at)
        metrics.count_record("upload")
        return record

    def record_by_hand(self, image_name: str, number: str, data: bytes | None = None, by: str | None = None) -> Record:
        """See `Service.record_by_hand`."""
        record = super().record_by_hand(image_name, number, data, by)
        metrics.count_record("hand")
        return record

    def label(self, record_id: str, number: str, by: str | None = None) -> Record:
        """See `Service.label`."""
        record = super().label(record_id, number, by)
        metrics.count_record("hand")
        return record
