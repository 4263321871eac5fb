"""A process that reads with one version, at the lowest priority: `python -m mnist_predict.reading_process FOLDER`.

A thread would hold up its service: while it has the interpreter, nobody else does, and a thread of low priority may
have it for long. The process takes the length of a picture in bytes as a line, then the picture, and answers with the
reading as a line of JSON. It ends when its input does, so it does not outlive its service.
"""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from mnist_predict.errors import UserError
from mnist_predict.reading import Reading
from mnist_predict.vision.recognizer import Recognizer, open_recognizer

NICE = 19  # whoever answers goes first


class ReadingProcess:
    """Such a process; for one thread. `version` is the name of what it reads with."""

    def __init__(self, folder: Path) -> None:
        self.version = folder.name
        pipe = subprocess.PIPE
        command = [sys.executable, "-m", __spec__.name, str(folder), str(NICE)]
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe)  # noqa: S603

    def read(self, data: bytes) -> Reading:
        """What the version reads. Raises `OSError` where the process has died."""
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None  # noqa: S101
        assert answers is not None  # noqa: S101
        asked.write(b"%d\n" % len(data))
        asked.write(data)
        asked.flush()
        line = answers.readline()
        if not line:
            raise OSError("The process that reads with the candidate has died.")
        return Reading.from_dict(json.loads(line))

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]


def reread(recognizer: Recognizer, data: bytes) -> Reading:
    """What a version reads in a kept picture: nothing, and why, in one that is refused."""
    try:
        return recognizer.read(data)
    except UserError as error:
        return Reading((), None, (str(error),), recognizer.model_version)


def main() -> None:
    """Answer until the input ends."""
    os.nice(int(sys.argv[2]))
    recognizer = open_recognizer(sys.argv[1])
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while length := asked.readline():
        reading = reread(recognizer, asked.read(int(length)))
        answers.write(json.dumps(reading.to_dict()).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # whoever asked is gone
        main()
