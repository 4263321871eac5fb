"""`serve` on Cassandra: when it starts, what it says, how it stops."""

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import requests
from cassandra_nodes import Nodes
from chaos_load import SERVE, Serving, picture, serving

from mnist_predict.store.cassandra.session import Session
from mnist_predict.store.cassandra.url import ClusterUrl
from mnist_predict.store.opening import open_store
from mnist_predict.store.spool.spool import Spool
from mnist_predict.store.tools.copy import everything


def keyspace() -> str:
    return f"test_{random.randbytes(5).hex()}"


def test_it_starts_without_its_store_and_moves_what_waits_before_it_stops(nodes: Nodes, tmp_path: Path) -> None:
    nodes.start(1)
    secret = f"secret{random.randbytes(5).hex()}"
    session = Session(ClusterUrl.from_url(nodes.url(1)))
    session.driver.execute(f"create role {secret}role with superuser = true and login = true and password = '{secret}'")
    session.close()
    url = nodes.url(1, keyspace()).replace("cassandra:cassandra@", f"{secret}role:{secret}@")
    service = Serving(tmp_path / "served", url)
    spool = Spool(tmp_path / "served/instance/spool.sqlite", 1)
    nodes.kill(0)
    with serving(service):
        answers = [
            requests.post(f"{service.url}/uploads", files={"file": ("a.png", picture(i))}, timeout=60)
            for i in range(20)
        ]
        said = [answer.text for answer in answers] + [
            service.says(page) for page in ("/readyz", "/metrics", "/records")
        ]
        assert {answer.status_code for answer in answers} == {200}
        assert "store away, uploads go to the spool" in service.says("/readyz")
        assert spool.waiting() == 20
        nodes.start(1)
        service.stop()  # at once, most likely before it has found the store back
    assert spool.waiting() == 0
    store = open_store(url)
    assert all(str(record.id) in "".join(said) for record in everything(store))
    assert store.count() == 20
    store.close()
    log = service.log.read_text()
    assert "The store does not answer yet" in log
    assert "Moved 20 records" in log
    assert not [text for text in (*said, log) if secret in text.replace(f"{secret}role", "")]


def test_what_only_a_person_can_mend_is_said_at_once(nodes: Nodes, tmp_path: Path) -> None:
    nodes.start(1)
    command = [sys.executable, "-c", SERVE, "serve", "--port", "0", "--store", nodes.url(1, password="hunter2")]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 2
    assert "refuses the user 'cassandra' or the password" in ran.stderr
    assert "hunter2" not in ran.stdout + ran.stderr


def test_too_few_copies_are_in_the_log_of_each_start(cassandra_url: Callable[[int, str], str], tmp_path: Path) -> None:
    url = cassandra_url(1, keyspace())
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
