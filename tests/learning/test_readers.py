"""Processes that read or make batches beside the program that started them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from store_examples import until

READS = """
from mnist_predict.learning.readers import reading_processes
from mnist_predict.models.registry import open_version
if __name__ == "__main__":
    with reading_processes(open_version()) as pool:
        pool.submit(len, b"").result()
        print("at work", flush=True)
        input()
"""
MAKES = """
from itertools import repeat
from mnist_predict.training.supply import supplied
batches = supplied(lambda: repeat(bytes(1_000_000)), 2)
next(batches)
print("at work", flush=True)
input()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the processes in /proc")
@pytest.mark.parametrize("script", [READS, MAKES], ids=["reads", "makes batches"])
def test_they_end_when_their_program_is_killed(script: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(script)
    with subprocess.Popen([sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"at work\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert children
        os.kill(process.pid, signal.SIGKILL)
    until(lambda: not any(_runs(child) for child in children), 60)


def _runs(process: str) -> bool:
    """Whether it is there and no zombie, which a machine without an init keeps."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
