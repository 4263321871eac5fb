"""What became of what was acknowledged: everything is looked for, and every picture compared."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import requests
from chaos_load import CLIENTS, Acknowledged, Books, Load, Serving

from mnist_predict.store.opening import open_store
from mnist_predict.store.protocol import Store
from mnist_predict.store.tools.copy import everything


@dataclass
class Verdict:
    """What became of what was acknowledged."""

    books: Books
    lost: int  # ids under which nothing, or something else, is kept: uploads, labels, numbers by hand
    back: int  # uploads that were erased, and are there or have their picture
    twice: int  # pictures of which there is more than one record
    altered: int  # pictures that are missing or differ
    failed_later: int  # requests that were not answered with 200 after all was well again
    seconds: float  # until all was well again

    @property
    def well(self) -> bool:
        """Whether nothing was lost, and nothing went wrong that had no reason."""
        wrong = set(self.books.refused) - {"503", "no answer"}
        return not (self.lost or self.back or self.twice or self.altered or self.failed_later or wrong)


def verdict(books: Books, store: str, *services: Serving) -> Verdict:
    """Wait until all is well again, use everything once more, then look for every record and every picture."""
    start = time.monotonic()
    for service in services:
        service.be_well(900)  # thousands may wait in a spool
    seconds = time.monotonic() - start
    with Load(*services) as load:
        load.reach(40)
        after = load.stop()
    failed = sum(after.refused.values())
    if not any(service.has_no_store for service in services):
        failed += after.spooled
    for name in ("answers", "labels", "by_hand", "erased"):
        getattr(books, name).extend(getattr(after, name))
    some = random.sample(books.answers, min(100, len(books.answers)))
    with ThreadPoolExecutor(CLIENTS) as clients:
        failed += sum(clients.map(lambda one: _is_not_shown(random.choice(services), one.id, one.sha256), some))
    return Verdict(books, *_compare(books, open_store(store)), failed, seconds)


def _is_not_shown(service: Serving, record_id: UUID, digest: str) -> bool:
    record = requests.get(f"{service.url}/records/{record_id}", headers={"Accept": "application/json"}, timeout=60)
    shown = requests.get(f"{service.url}/records/{record_id}/picture", timeout=60)
    right = record.ok and shown.ok and record.json()["sha256"] == sha256(shown.content).hexdigest() == digest
    return not right


def _compare(books: Books, store: Store) -> tuple[int, int, int, int]:
    """Lost, back, twice, altered."""
    listed = Counter(record.sha256 for record in everything(store) if record.label_of is None and record.sha256)

    def is_lost(answer: Acknowledged) -> bool:
        record = store.get(answer.id)
        return record is None or record.sha256 != answer.sha256 or answer.sha256 not in listed

    def is_lost_label(answer: tuple[UUID, UUID]) -> bool:
        return answer[0] not in [label.id for label in store.labels(answer[1])]

    def is_back(answer: Acknowledged) -> bool:
        shown = store.get(answer.id) is not None or answer.sha256 in listed
        return shown or store.picture(answer.sha256) is not None

    def is_altered(digest: str) -> bool:
        kept = store.picture(digest)
        return kept is None or sha256(kept).hexdigest() != digest

    with ThreadPoolExecutor(16) as threads:
        lost = sum(threads.map(is_lost, books.answers)) + sum(threads.map(is_lost_label, books.labels))
        lost += sum(threads.map(lambda record_id: store.get(record_id) is None, books.by_hand))
        back = sum(threads.map(is_back, books.erased))
        altered = sum(threads.map(is_altered, {answer.sha256 for answer in books.answers}))
    store.close()
    return lost, back, sum(number > 1 for number in listed.values()), altered
