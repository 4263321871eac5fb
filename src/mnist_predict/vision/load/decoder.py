"""Asks `decoding` for pages, in processes that are started when they are needed and replaced when they die.

At most two at once, and one for each client: while somebody's heavy file is decoded, others are served.
"""

import atexit
import json
import math
import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any

import numpy as np

from mnist_predict import errors
from mnist_predict.turns import Turns, asker
from mnist_predict.vision.load import decoding
from mnist_predict.vision.load.raster import Picture

AT_ONCE = 2
SECONDS = 8.0  # of CPU for a page
PATIENCE = 60.0  # seconds for a page, on a machine that has others to serve
TOO_LONG = "To decode this file takes too long. Save it anew, as a PNG or smaller, and send it again."
_PIPE = 1 << 20  # bytes that Linux lets a pipe hold, so that pixels need few turns
_ALONE = {"OPENBLAS_NUM_THREADS": "1"}  # each of its threads would take memory that counts
_SLOW = (-signal.SIGPROF, -signal.SIGALRM)
_ERRORS = {error.__name__: error for error in (errors.BadRequest, errors.TooLarge, errors.BrokenPicture)}


class _Process:
    """A process that decodes."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", decoding.__name__]
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        self.process = subprocess.Popen(  # noqa: S603
            command, stdin=pipe, stdout=pipe, stderr=nowhere, pipesize=_PIPE, env=os.environ | _ALONE
        )

    def ask(self, data: bytes, kind: str, page: int) -> tuple[dict[str, Any], bytearray]:
        """What is said of a page, and its pixels; raises `EOFError` where the process dies of it."""
        asked, answers = self.process.stdin, self.process.stdout
        assert asked is not None  # noqa: S101
        assert answers is not None  # noqa: S101
        try:
            ask = {"kind": kind, "page": page, "length": len(data), "seconds": SECONDS, "patience": PATIENCE}
            asked.write(json.dumps(ask).encode() + b"\n")
            asked.write(data)
            asked.flush()
        except BrokenPipeError:
            raise EOFError from None
        line = answers.readline()
        if not line:
            raise EOFError
        said: dict[str, Any] = json.loads(line)
        pixels = bytearray(math.prod(said.get("shape", (0,))))
        if answers.readinto(pixels) < len(pixels):  # type: ignore[attr-defined]
            raise EOFError
        return said, pixels

    def end(self) -> int:
        """Wait until it has ended; what it ended with."""
        self.process.kill()
        code = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(BrokenPipeError):
                pipe.close()  # type: ignore[union-attr]
        return code


class Decoder:
    """The processes of this one."""

    def __init__(self) -> None:
        self._turns = Turns(AT_ONCE)
        self._idle: list[_Process] = []

    def warm(self) -> None:
        """Have a process ready; it is while others go on."""
        if not self._idle:
            self._idle.append(_Process())

    def page(self, data: bytes, kind: str, number: int) -> tuple[Picture, int]:
        """A page of a file of that kind, and how many pages it has; raises what `decoding.decoded` raises, and
        `BrokenPicture` where the process dies of it."""
        with self._turns.turn():
            process = self._ready()
            try:
                said, pixels = process.ask(data, kind, number)
            except EOFError:
                raise self._died(process.end()) from None
            if said["last"]:
                process.end()
                self.warm()
            else:
                self._idle.append(process)
        asker().elsewhere += said["seconds"]
        if "error" in said:
            raise _ERRORS[said["error"]](said["words"])
        picture = np.frombuffer(pixels, np.uint8).reshape(said["shape"])
        width, height = said["size"]
        return Picture(picture, (width, height), width / picture.shape[1]), said["pages"]

    def _ready(self) -> _Process:
        with suppress(IndexError):
            process = self._idle.pop()
            if process.process.poll() is None:
                return process
            process.end()
        return _Process()

    def _died(self, code: int) -> errors.BrokenPicture:
        self.warm()
        asker().elsewhere += SECONDS
        return errors.BrokenPicture(TOO_LONG if code in _SLOW else decoding.TOO_MUCH)

    def close(self) -> None:
        """End what waits."""
        while self._idle:
            self._idle.pop().end()

    def forget(self) -> None:
        """In a forked process: what waits is of the one that it was forked from."""
        self._turns = Turns(AT_ONCE)
        self._idle = []


_decoder = Decoder()
warm, page = _decoder.warm, _decoder.page
atexit.register(_decoder.close)
os.register_at_fork(after_in_child=_decoder.forget)
