"""Which node is asked first, and what is asked again: what the driver decides by."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from cassandra.policies import DCAwareRoundRobinPolicy, RetryPolicy, TokenAwarePolicy

SILENT = 10.0  # seconds: what two heartbeats take, after which the driver itself knows that a node is dead


class SilentLast(TokenAwarePolicy):  # type: ignore[misc]
    """First the nodes that have the rows; but last those that were lately asked in vain.

    A node that hangs keeps its connections, so it is taken for well until it has missed a heartbeat. Without this each
    statement whose first node it is would wait for it, and a lightweight transaction, which no other node is asked at
    the same time, until it times out.
    """

    def __init__(self, dc: str) -> None:
        super().__init__(DCAwareRoundRobinPolicy(dc))
        self._until: dict[Any, float] = {}

    def were_silent(self, nodes: Iterable[Any]) -> None:
        """These did not answer in time."""
        for node in nodes:
            self._until[node] = time.monotonic() + SILENT

    def make_query_plan(self, working_keyspace: str | None = None, query: Any = None) -> Iterator[Any]:
        """The nodes to ask, one after the other."""
        plan: Iterator[Any] = super().make_query_plan(working_keyspace, query)
        now = time.monotonic()
        silent = {node for node, until in tuple(self._until.items()) if until > now}
        return iter(sorted(plan, key=silent.__contains__)) if silent else plan


class Retry(RetryPolicy):  # type: ignore[misc]
    """Once more, and only what may be repeated: the driver's own policy also repeats what may not."""

    def on_read_timeout(self, query: Any, consistency: int, *_: Any, retry_num: int = 0, **__: Any) -> Any:
        """A replica was slow: ask again."""
        return self._once_more(query, retry_num, self.RETRY)

    def on_write_timeout(self, query: Any, consistency: int, *_: Any, retry_num: int = 0, **__: Any) -> Any:
        """A replica was slow to confirm: write again."""
        return self._once_more(query, retry_num, self.RETRY)

    def on_unavailable(self, query: Any, consistency: int, *_: Any, retry_num: int = 0, **__: Any) -> Any:
        """Too few replicas are up, as this coordinator sees it: ask another."""
        return self._once_more(query, retry_num, self.RETRY_NEXT_HOST)

    def on_request_error(self, query: Any, consistency: int, error: Exception, retry_num: int) -> Any:
        """The connection broke or the coordinator failed: ask another."""
        return self._once_more(query, retry_num, self.RETRY_NEXT_HOST)

    def _once_more(self, query: Any, retry_num: int, how: int) -> tuple[int, None]:
        return (how, None) if query.is_idempotent and retry_num == 0 else (self.RETHROW, None)
