"""Real Apache Cassandra nodes for the tests, without a container engine: one Java process a node, loopback only.

Needs Java 17 and Maven, which fetches Cassandra's jars once (67 MB, kept in the user's cache folder). To test an
existing cluster, set MNIST_PREDICT_TEST_CASSANDRA=cassandra://user:password@10.0.0.5:9042/mnistpredict: its
keyspaces contract_* and test_* are made and dropped.

By hand: `python cassandra_nodes.py NEW_FOLDER [NODES]` starts nodes and prints their url; Ctrl-C ends them.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cassandra.cluster import Cluster

EXISTING = "MNIST_PREDICT_TEST_CASSANDRA"
VERSION = "5.0.8"
PASSWORD = "cassandra"  # of the user that a new cluster begins with, and of "tester"
JARS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / f"mnist-predict/cassandra-{VERSION}"
QUICK = ("-Xms256m", "-Xmx384m", "-XX:TieredStopAtLevel=1")  # of Java: up soon and small, as tests want it
MOST_DELETED = 100_000  # rows that a node reads past before it refuses to, by default
READY = "Starting listening for CQL clients"

POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging><dependencies>
<dependency><groupId>org.apache.cassandra</groupId><artifactId>cassandra-all</artifactId><version>{VERSION}</version>
</dependency></dependencies></project>"""

YAML = """
cluster_name: mnist_predict
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
num_tokens: 1
initial_token: "{token}"
auto_bootstrap: false
listen_address: {address}
rpc_address: {address}
native_transport_port: 9042
storage_port: 7000
start_native_transport: true
authenticator: PasswordAuthenticator
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "{seed}"
client_encryption_options:
  enabled: true
  optional: true
  keystore: {keystore}
  keystore_password: password
{sync}
memtable_allocation_type: heap_buffers
disk_access_mode: standard
auto_snapshot: false
tombstone_warn_threshold: {most_deleted}
tombstone_failure_threshold: {most_deleted}
"""

# How a node syncs its commit log: before it acknowledges a write, or as `docker run cassandra:latest` has it.
GROUP = "commitlog_sync: group\ncommitlog_sync_group_window: 2ms"
PERIODIC = "commitlog_sync: periodic\ncommitlog_sync_period: 10s"

LOGBACK = """<configuration><appender name="F" class="ch.qos.logback.core.FileAppender"><file>{log}</file>
<encoder><pattern>%-5level %date %logger - %msg%n</pattern></encoder></appender>
<root level="INFO"><appender-ref ref="F"/></root></configuration>"""

# What Cassandra's own start script gives Java 17.
EXPORTS = (
    "java.base/jdk.internal.misc java.base/java.lang.ref java.management.rmi/com.sun.jmx.remote.internal.rmi "
    "java.management/com.sun.jmx.remote.security java.rmi/sun.rmi.registry java.rmi/sun.rmi.server "
    "java.sql/java.sql jdk.unsupported/sun.misc jdk.compiler/com.sun.tools.javac.file "
    "jdk.attach/sun.tools.attach"
)
OPENS = (
    "java.base/java.lang.module java.base/jdk.internal.loader java.base/jdk.internal.ref "
    "java.base/jdk.internal.reflect java.base/jdk.internal.math java.base/jdk.internal.module "
    "java.base/jdk.internal.util.jar java.base/sun.nio.ch java.base/java.io java.base/java.lang "
    "java.base/java.lang.reflect java.base/java.nio java.base/java.util jdk.compiler/com.sun.tools.javac "
    "jdk.management/com.sun.management.internal"
)


def lacking() -> str | None:
    """What to install before nodes can be started here, in one line; None when nothing is lacking."""
    if not find_spec("cassandra"):
        return "Cassandra's tests need its driver: pip install 'mnist-predict[cassandra]'"
    if not shutil.which("java") or not (shutil.which("mvn") or (JARS / "lib").exists()):
        return "Cassandra's tests need Java 17 and Maven: apt-get install openjdk-17-jre-headless maven"
    return None


def fetch_jars() -> None:
    """Cassandra and all it needs, once a machine."""
    if (JARS / "lib").exists():
        return
    JARS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=JARS) as folder:
        Path(folder, "pom.xml").write_text(POM)
        command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        if not (JARS / "lib").exists():  # unless another session was faster
            Path(folder, "lib").rename(JARS / "lib")


class Nodes:
    """Up to three nodes of one cluster, on addresses of their own, with their data under `folder`.

    `java`: its heap and compiler. `sync`: `GROUP` or `PERIODIC`, from a node's next start on. `most_deleted`: rows
    that were deleted, past which a node reads.
    """

    def __init__(
        self, folder: Path, java: tuple[str, ...] = QUICK, sync: str = GROUP, most_deleted: int = MOST_DELETED
    ) -> None:
        self.folder = folder
        self.java = java
        self.sync = sync
        self.most_deleted = most_deleted
        # macOS has no loopback address but the first, so one node is the most it can start.
        block = "127.0.0" if sys.platform == "darwin" else f"127.{random.randint(1, 254)}.{random.randint(1, 254)}"
        self.addresses = [f"{block}.{i}" for i in (1, 2, 3)]
        self.processes: dict[int, subprocess.Popen[bytes]] = {}
        self.certificate = folder / "ca.pem"
        self._has_user = self._joined = False

    def url(self, count: int, keyspace: str = "mnistpredict", password: str = PASSWORD) -> str:
        """The store setting for the first `count` nodes."""
        user = "cassandra" if count == 1 else "tester"
        return f"cassandra://{user}:{password}@{','.join(self.addresses[:count])}:9042/{keyspace}"

    def start(self, count: int) -> None:
        """Have the first `count` nodes running."""
        fetch_jars()
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.certificate.exists():
            self._make_certificate()
        missing = [i for i in range(count) if i not in self.processes]
        with ThreadPoolExecutor(count if self._joined else 1) as threads:  # at first each has to find the others
            list(threads.map(self._bring_up, missing))
        if not self._has_user:
            self._log_in(self.addresses[0]).shutdown()  # the user is made some time after the node says it is ready
            self._has_user = True
        if count > 1 and not self._joined:
            self._join(count)
            self._joined = True

    def kill(self, i: int) -> None:
        """kill -9"""
        process = self.processes.pop(i)
        process.kill()
        process.wait()

    def pause(self, i: int) -> None:
        """SIGSTOP: the node keeps its connections and answers nothing."""
        self.processes[i].send_signal(signal.SIGSTOP)

    def resume(self, i: int) -> None:
        """SIGCONT"""
        self.processes[i].send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End all nodes."""
        for i in list(self.processes):
            self.kill(i)

    def _join(self, count: int) -> None:
        """Wait until all know of all, and keep a user on every node: the first one is kept on one node alone."""
        for address in self.addresses[:count]:  # one that has not yet heard of the first one has no user
            with self._log_in(address) as cluster:
                session = cluster.connect()
                while len(list(session.execute("select peer from system.peers"))) < count - 1:
                    time.sleep(0.1)
        with self._log_in(*self.addresses[:count]) as cluster:
            session = cluster.connect()
            everywhere = f"{{'class': 'NetworkTopologyStrategy', 'datacenter1': {count}}}"
            session.execute(f"alter keyspace system_auth with replication = {everywhere}")
            session.execute(f"create role tester with superuser = true and login = true and password = '{PASSWORD}'")

    def _log_in(self, *addresses: str) -> "Cluster":
        """A cluster that is connected to, as soon as it takes its first user."""
        from cassandra.auth import PlainTextAuthProvider
        from cassandra.cluster import Cluster, NoHostAvailable

        who = PlainTextAuthProvider("cassandra", PASSWORD)
        give_up = time.monotonic() + 300
        while True:
            cluster = Cluster(addresses, protocol_version=5, auth_provider=who)
            try:
                cluster.connect()
                return cluster
            except NoHostAvailable:
                cluster.shutdown()
                if time.monotonic() > give_up:
                    raise
            time.sleep(0.5)

    def _bring_up(self, i: int) -> None:
        for _ in range(3):  # on a busy machine the others may not answer it within a second
            self._spawn(i)
            if self._is_up(i):
                return
        raise RuntimeError(f"Cassandra node {i + 1} does not come up:\n{self._last_words(i)}")

    def _make_certificate(self) -> None:
        names = ",".join(f"IP:{address}" for address in self.addresses)
        common = ["-keystore", str(self.folder / "keystore.p12"), "-storepass", "password", "-alias", "node"]
        make = [*("-genkeypair", "-keyalg", "EC", "-dname", "CN=node", "-ext", f"san={names}"), "-validity", "3650"]
        export = ["-exportcert", "-rfc", "-file", str(self.certificate)]
        for arguments in (make, export):
            subprocess.run(["keytool", *arguments, *common], check=True, capture_output=True)

    def _spawn(self, i: int) -> None:
        home = self.folder / f"n{i + 1}"
        (home / "logs").mkdir(parents=True, exist_ok=True)
        log = home / "logs/system.log"
        log.write_text("")
        token = -(2**63) + 1 + i * (2**64 // 3)
        (home / "cassandra.yaml").write_text(
            YAML.format(
                token=token,
                address=self.addresses[i],
                seed=self.addresses[0],
                keystore=self.folder / "keystore.p12",
                sync=self.sync,
                most_deleted=self.most_deleted,
            )
        )
        (home / "logback.xml").write_text(LOGBACK.format(log=log))
        flags = ["-Djdk.attach.allowAttachSelf=true", "-Dio.netty.tryReflectionSetAccessible=true"]
        flags += [f"--add-exports={module}=ALL-UNNAMED" for module in EXPORTS.split()]
        flags += [f"--add-opens={module}=ALL-UNNAMED" for module in OPENS.split()]
        flags += [*self.java, "-XX:MaxDirectMemorySize=256m", "-XX:+UseSerialGC"]
        flags += ["-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData"]
        flags += [f"-Dcassandra.config=file://{home}/cassandra.yaml", f"-Dcassandra.storagedir={home}"]
        flags += [f"-Dcassandra.logdir={home}/logs", f"-Dlogback.configurationFile=file://{home}/logback.xml"]
        flags += [f"-Djna.tmpdir={home}", f"-Djava.io.tmpdir={home}", f"-Dcassandra.jmx.local.port={_free_port()}"]
        flags += ["-Dcom.sun.management.jmxremote.authenticate=false", "-Dcassandra.libjemalloc=-"]
        flags += ["-Dcassandra.skip_wait_for_gossip_to_settle=0", "-Dcassandra.ring_delay_ms=0"]
        flags += ["-Dcassandra.superuser_setup_delay_ms=0", "-Dcassandra-foreground=yes"]
        flags += ["-Dcassandra.auth_bcrypt_gensalt_log2_rounds=4"]  # a test opens a hundred connections
        main = ["-cp", "lib/*", "org.apache.cassandra.service.CassandraDaemon"]
        with (home / "out").open("wb") as out:
            self.processes[i] = subprocess.Popen(
                ["java", *flags, "-javaagent:lib/jamm-0.4.0.jar", *main], cwd=JARS, stdout=out, stderr=out
            )

    def _is_up(self, i: int) -> bool:
        """Wait until a node takes clients; False where it has ended."""
        log = self.folder / f"n{i + 1}/logs/system.log"
        give_up = time.monotonic() + 300
        while READY not in log.read_text():
            if self.processes[i].poll() is not None:
                self.kill(i)
                return False
            if time.monotonic() > give_up:
                raise RuntimeError(f"Cassandra node {i + 1} takes too long to come up:\n{self._last_words(i)}")
            time.sleep(0.1)
        return True

    def _last_words(self, i: int) -> str:
        home = self.folder / f"n{i + 1}"
        return (home / "out").read_text()[-2000:] + (home / "logs/system.log").read_text()[-2000:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


if __name__ == "__main__":
    nodes = Nodes(Path(sys.argv[1]).absolute())
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        nodes.start(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
        print(nodes.url(len(nodes.processes)), flush=True)
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        nodes.stop()
