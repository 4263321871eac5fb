"""A real Spark cluster for the tests: a master and workers on this machine, with little memory."""

import os
import shutil
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from store_examples import until

SETTINGS = """
spark.ui.enabled false
spark.driver.host 127.0.0.1
spark.driver.memory 512m
spark.executor.memory 512m
spark.executor.cores 1
"""


def lacking() -> str | None:
    """What to install before Spark can be started here, in one line; None when nothing is lacking."""
    if not find_spec("pyspark") or not shutil.which("java"):
        return "Spark's tests need pyspark and Java 17: make spark"
    return None


class SparkNodes:
    """A master and two workers with a core each, whose files are under `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.master = f"spark://127.0.0.1:{port}"
        self._start("master.Master", "--port", str(port))
        until(lambda: "Starting Spark master" in self._log(0))
        for _ in range(2):
            self._start("worker.Worker", "--cores", "1", "--memory", "1g", self.master)
        for worker in (1, 2):
            until(lambda worker=worker: "Successfully registered with master" in self._log(worker))

    def executors(self) -> list[int]:
        """The processes of the executors that run now."""
        found = []
        for worker in self._processes[1:]:
            listed = subprocess.run(["pgrep", "-P", str(worker.pid)], capture_output=True, check=False)
            found += map(int, listed.stdout.split())
        return found

    def stop(self) -> None:
        """End all processes."""
        for process in reversed(self._processes):
            process.terminate()  # a worker ends its executors
            process.wait()

    def _start(self, what: str, *flags: str) -> None:
        import pyspark

        at = len(self._processes)
        work = ["--work-dir", str(self.folder / f"work-{at}")] if at else []
        command = [str(Path(pyspark.__file__).parent / "bin/spark-class"), f"org.apache.spark.deploy.{what}"]
        with (self.folder / f"log-{at}").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [*command, "--host", "127.0.0.1", "--webui-port", "0", *work, *flags],
                    stdout=log,
                    stderr=log,
                    env=os.environ | {"SPARK_DAEMON_MEMORY": "256m", "PYSPARK_PYTHON": sys.executable},
                )
            )

    def _log(self, at: int) -> str:
        return (self.folder / f"log-{at}").read_text()
