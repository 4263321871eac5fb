"""What it costs to keep an upload in the spool until Cassandra has synced it, and to drop it then."""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from bench.records import Maker
from mnist_predict.store.durability import Durability
from mnist_predict.store.spool.spool import Spool
from mnist_predict.store.sqlite.store import SqliteStore

UPLOADS = 3000
ROUNDS = 3


def unsynced(clients: int) -> tuple[float, float]:
    """CPU milliseconds an upload, of so many clients at once: kept in the spool and dropped; kept in a SQLite store."""
    maker, numbers = Maker(), count()
    costs = []
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, ThreadPoolExecutor(clients) as threads:
        spool, store = Spool(Path(folder) / "spool.sqlite", 1000), SqliteStore(Path(folder) / "kept.sqlite")
        for _ in range(ROUNDS):
            uploads = [maker.upload(next(numbers)) for _ in range(UPLOADS)]
            for record, _ in uploads:  # the store has made it before the spool needs it
                assert record.reading
                assert record.reading.json
            began = time.process_time()
            list(threads.map(lambda upload: spool.keep_unsynced(*upload, "epoch"), uploads))
            spool.settle(Durability(0, "epoch"), time.monotonic() + 10)
            kept = time.process_time()
            list(threads.map(lambda upload: store.add(*upload), uploads))
            costs.append((kept - began, time.process_time() - kept))
        spool.close()
        store.close()
    spool_ms, store_ms = (min(cost) / UPLOADS * 1e3 for cost in zip(*costs, strict=True))
    return spool_ms, store_ms


if __name__ == "__main__":
    for clients in (1, 16):
        kept, stored = unsynced(clients)
        print(f"{clients} clients: {kept:.3f} ms of CPU an upload; kept in SQLite: {stored:.3f} ms")
