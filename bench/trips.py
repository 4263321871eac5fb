"""What an upload costs in Cassandra, counted: requests, the statements in them, and how many wait for one another."""

import time
from dataclasses import replace
from itertools import count
from typing import Any

from cassandra.query import BatchStatement

from bench.records import Maker
from mnist_predict.store.cassandra.store import CassandraStore
from mnist_predict.store.cassandra.url import ClusterUrl


class Watch:
    """Every request of a session: (begin, end, statements); its end is when somebody who waited for it knows."""

    def __init__(self, session: Any) -> None:
        self.seen: list[list[float]] = []
        session.add_request_init_listener(self._begins)

    def _begins(self, future: Any) -> None:
        batch = isinstance(future.query, BatchStatement)
        request = [time.perf_counter(), float("inf"), len(future.query._statements_and_parameters) if batch else 1]
        self.seen.append(request)
        wait = future.result

        def result() -> Any:
            answer = wait()
            request[1] = min(request[1], time.perf_counter())
            return answer

        future.result = result

    def requests_statements_trips(self) -> tuple[int, int, int]:
        """Trips: the longest chain of requests each of which began when the one before had ended."""
        last, trips = -1.0, 0
        for begin, end, _ in sorted(self.seen, key=lambda request: request[1]):
            if begin >= last:
                last, trips = end, trips + 1
        return len(self.seen), int(sum(statements for *_, statements in self.seen)), trips


def trips(url: str) -> dict[str, tuple[int, int, int]]:
    """Requests, statements and round trips of uploads of several kinds."""
    store, maker, numbers = CassandraStore(ClusterUrl.from_url(url)), Maker(), count(10**9)
    small = maker.png
    found = {}
    with store._using() as session:
        watch = Watch(session.driver)
        for name, keyed, size in (
            ("without a key", False, 0),
            ("with an Idempotency-Key", True, 0),
            ("of 2 MB, without a key", False, 2_000_000),
        ):
            maker.png = bytes(size) or small
            costs = []
            for number in (next(numbers) for _ in range(16)):
                record, picture = maker.upload(number)
                watch.seen.clear()
                store.add(replace(record, key=str(record.id) if keyed else None), picture, is_new=True)
                costs.append(watch.requests_statements_trips())
            found[name] = min(costs)
            if not keyed and not size:
                found["first of a process in its partition"] = max(costs)
    store.close()
    return found
