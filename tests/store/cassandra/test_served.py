"""`serve` on Cassandra: what it says when it starts."""

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cassandra_nodes import Nodes
from chaos_load import SERVE, Serving, serving

from mnist_predict.store.opening import open_store


def test_what_only_a_person_can_mend_is_said_at_once(nodes: Nodes, tmp_path: Path) -> None:
    nodes.start(1)
    command = [sys.executable, "-c", SERVE, "serve", "--port", "0", "--store", nodes.url(1, password="hunter2")]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 2
    assert "refuses the user 'cassandra' or the password" in ran.stderr
    assert "hunter2" not in ran.stdout + ran.stderr


def test_too_few_copies_are_in_the_log_of_each_start(cassandra_url: Callable[[int, str], str], tmp_path: Path) -> None:
    url = cassandra_url(1, f"test_{random.randbytes(5).hex()}")
    store = open_store(url)
    store.check_writable()
    store.close()
    service = Serving(tmp_path / "served", url.replace("copies=1", "copies=3"))
    for start in (1, 2):
        with serving(service):
            service.be_well(60)
            log = service.log.read_text()
        assert log.count("with these nodes it should keep 3. Run in cqlsh: ALTER KEYSPACE") >= start
    assert "nodetool repair --full" in log
