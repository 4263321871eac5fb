"""A session to a cluster is shared by the threads of a process, and begun anew after a loss."""

import pytest
from cassandra.cluster import NoHostAvailable

from mnist_predict.errors import StoreUnavailable
from mnist_predict.store.cassandra import pool
from mnist_predict.store.cassandra.pool import Shared
from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.cassandra.url import ClusterUrl


class Fake:
    """A session that says whether it is closed."""

    def __init__(self, place: ClusterUrl) -> None:
        self.users = 0
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Store(Shared):
    """What uses sessions and asks nothing."""

    def _prepare(self, session: Session) -> None:
        """Nothing to do."""

    use = Shared._using


def test_a_session_that_is_lost_is_closed_when_the_last_of_its_users_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "Session", Fake)
    store = Store(ClusterUrl.from_url("cassandra://127.66.6.6/numbers"))
    with store.use() as slow:
        with pytest.raises(StoreUnavailable), store.use() as lost:
            raise NoHostAvailable("all are away", {})
        assert lost is slow
        assert not slow.closed
        with store.use() as anew:
            assert anew is not slow
    assert slow.closed
    assert not anew.closed
    store.close()
    assert anew.closed
