"""Records as uploads leave them, made up fast: one a second, each with a name and a picture of its own.

Every twentieth was read as another number, with little confidence, by an older model, and was corrected.
"""

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from uuid import UUID

from uuid_utils.compat import uuid7

from bench.pictures import pictures
from mnist_predict.store.ids import new_id
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record
from mnist_predict.store.tools.copy import THREADS, TOGETHER
from mnist_predict.vision.recognizer import open_recognizer

RARE = 20  # one of so many is of the other kind
RARE_NUMBER, RARE_CONFIDENCE, OLDER_MODEL = "1234", 0.6, "older"


class Maker:
    """Makes records and pictures; each picture is another one by the number that is appended to its PNG."""

    def __init__(self) -> None:
        self.png = pictures(1)[0]  # 1.5 kB
        self.reading = open_recognizer("").read(self.png)
        read = replace(self.reading.numbers[0], written=RARE_NUMBER, confidence=RARE_CONFIDENCE)
        self.rare = replace(self.reading, numbers=(read,), model_version=OLDER_MODEL)

    def upload(self, number: int, record_id: UUID | None = None) -> tuple[Record, bytes]:
        """The upload of that number."""
        picture = self.png + number.to_bytes(8)
        name = f"picture-{number}.png"
        digest = sha256(picture).hexdigest()
        reading = replace(self.rare if number % RARE == 0 else self.reading)  # none that has been made into JSON
        return Record(record_id or new_id(), name, reading.written, "upload", digest, reading), picture

    def history(self, size: int, end: float) -> Iterator[tuple[Record, bytes | None]]:
        """So many uploads, one a second, the last of them at that time; and the corrections of the rare ones."""
        begin = int((end - size) * 10**9)
        for number in range(size):
            record, picture = self.upload(number, uuid7(nanoseconds=begin + number * 10**9))
            yield record, picture
            if number % RARE == 0:
                label_id = uuid7(nanoseconds=begin + number * 10**9 + 10**8)
                yield Record(label_id, record.image_name, "7", "hand", record.sha256, label_of=record.id), None


def fill(store: Store, maker: Maker, size: int, end: float) -> float:
    """Have a store hold so many records, as `store copy` would; the seconds that it took."""
    began = time.perf_counter()
    uploads = maker.history(size, end)

    def keep(together: list[tuple[Record, bytes | None]]) -> None:
        store.add_all([record for record, _ in together], {str(r.sha256): each for r, each in together if each})

    with ThreadPoolExecutor(THREADS) as threads:
        writing: deque[Future[None]] = deque()
        while together := list(islice(uploads, TOGETHER)):
            writing.append(threads.submit(keep, together))
            if len(writing) > 2 * THREADS:
                writing.popleft().result()
        for future in writing:
            future.result()
    return time.perf_counter() - began
