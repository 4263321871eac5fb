"""`make fuzz`: a million uploads that are nearly pictures, to the application as it is served; counts the answers.

Each is a file of the corpus, changed at random (tests/support/mutations.py). FUZZ=10000 makes it so many. A file that a
process dies of, or needs more memory or CPU for than is promised, or that is answered with 500, is kept in the folder
`fuzzed`; exit code 1 where there is any.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import process_time

import mutations
import numpy as np
from flask.testing import FlaskClient
from rich.progress import track

from mnist_predict.settings import Settings
from mnist_predict.web.app import create_app

COUNT = int(os.environ.get("FUZZ", "1000000"))
CHUNK = min(COUNT, 10_000)  # files that one process tries
MEGABYTES, SECONDS = 600, 30.0  # of memory and CPU that a process may take for a file
FAILED = Path("fuzzed")


def status_of(client: FlaskClient, data: bytes) -> int:
    """How an upload of that file is answered."""
    return client.post("/uploads", data={"file": (io.BytesIO(data), "a")}).status_code


def try_chunk(number: int, folder: Path) -> Counter[int]:
    """How many of the files of that number are answered how; the one that is being tried lies in the folder."""
    found: Counter[int] = Counter()
    samples, rng = mutations.corpus(), np.random.default_rng((11, number))
    client = create_app(Settings(data=str(folder))).test_client()
    for _ in range(CHUNK):
        data = mutations.mutated(samples, rng)
        (folder / "tried").write_bytes(data)
        began = process_time()
        status = status_of(client, data)
        if process_time() - began > SECONDS or getrusage(RUSAGE_SELF).ru_maxrss > 1000 * MEGABYTES:
            sys.exit("It takes too much.")
        found[status] += 1
        if status >= 500:
            keep(data)
    return found


def keep(data: bytes) -> None:
    """Keep a file that does harm."""
    FAILED.mkdir(exist_ok=True)
    (FAILED / sha256(data).hexdigest()[:16]).write_bytes(data)


def in_process(number: int) -> Counter[int]:
    """`try_chunk` in a process of its own: where it dies or takes too much, that is an answer, too, -1."""
    with tempfile.TemporaryDirectory() as folder:
        command, pipe = [sys.executable, __file__, str(number), folder], subprocess.PIPE
        tried = subprocess.run(command, stdout=pipe, stderr=subprocess.DEVNULL, check=False)
        if tried.returncode:
            keep((Path(folder) / "tried").read_bytes())
            return Counter({-1: 1})
        return Counter({int(status): count for status, count in json.loads(tried.stdout).items()})


def main() -> None:
    """Try them all, on all cores."""
    found: Counter[int] = Counter()
    with ThreadPoolExecutor(os.cpu_count()) as processes:
        chunks = processes.map(in_process, range(COUNT // CHUNK))
        for part in track(chunks, "Fuzzing", COUNT // CHUNK):
            found += part
    print("answers by status, -1 where the process died or took too much:", dict(sorted(found.items())))
    sys.exit(any(status < 0 or status >= 500 for status in found))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(try_chunk(int(sys.argv[1]), Path(sys.argv[2]))))
    else:
        main()
