"""The process in which files of strangers are decoded: `python -m mnist_predict.vision.load.decoding`.

Decoders are large, old and written in C; a few bytes can make some of them work for hours or take all memory. Here the
system limits what they take, and if they die, they die alone. `decoder` starts this process and asks for page after
page: a line of JSON (`kind`, `page`, `length` of the file in bytes, `seconds` of CPU and of `patience`), then the file.
The answer is a line of JSON, then the pixels; or none, where the page took too much and the system killed the process.
"""

import json
import os
import resource
import signal
from contextlib import suppress
from pathlib import Path
from time import process_time
from typing import Any, BinaryIO

from PIL import Image

from mnist_predict.errors import BrokenPicture, UserError
from mnist_predict.vision.load import raster
from mnist_predict.vision.load.raster import Picture

MEMORY = 380_000_000  # bytes: 64 megapixels as Pillow keeps them, 4 bytes each, the file, and the process itself
KEPT = 120_000_000  # bytes that it may hold after a page; beyond that a new process takes over

BROKEN = "The picture is damaged or cut short. Send it again, or another one."
TOO_MUCH = "To decode this file takes too much memory. Save it smaller, or as a PNG with 8 bits a channel."


def main() -> None:
    """Decode what is asked for until nobody asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal
    with suppress(OSError):  # where a container has no memory left, this process is killed, and none that serves
        Path("/proc/self/oom_score_adj").write_text("1000")
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_DATA):
        most = MEMORY if limit == resource.RLIMIT_DATA else 0
        resource.setrlimit(limit, (most, most))
    with os.fdopen(os.dup(0), "rb") as asked, os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what a decoder prints is no answer
        for line in asked:
            ask = json.loads(line)
            data = asked.read(ask["length"])
            signal.setitimer(signal.ITIMER_PROF, ask["seconds"])
            signal.setitimer(signal.ITIMER_REAL, ask["patience"])
            last = _answer(answers, data, ask["kind"], ask["page"])
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            if last:
                break


def _answer(answers: BinaryIO, data: bytes, kind: str, page: int) -> bool:
    """Answer with a page; whether that was the last one of this process."""
    start = process_time()
    pixels = b""
    try:
        picture, pages = decoded(data, kind, page)
        pixels = picture.pixels.tobytes()
        said: dict[str, Any] = {"pages": pages, "shape": picture.pixels.shape, "size": picture.size}
    except UserError as error:
        said = {"error": type(error).__name__, "words": str(error)}
    last = _held() > KEPT
    answers.write(json.dumps(said | {"seconds": process_time() - start, "last": last}).encode() + b"\n")
    answers.write(pixels)
    answers.flush()
    return last


def _held() -> int:
    """Bytes of memory that this process holds."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:  # no Linux: what it once held at most
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def decoded(data: bytes, kind: str, page: int) -> tuple[Picture, int]:
    """One page of a file of that kind, and how many it has; raises `TooLarge` and `BrokenPicture`, and `BadRequest`
    where there is no such page."""
    try:
        if kind == "application/pdf":
            from mnist_predict.vision.load import pdf

            return pdf.page(data, page)
        return raster.page(data, kind, page)
    except UserError:
        raise
    except Image.DecompressionBombError:
        raise raster.too_large() from None
    except MemoryError:
        raise BrokenPicture(TOO_MUCH) from None
    except Exception as error:  # the parsers raise whatever a damaged file leads them to
        raise BrokenPicture(BROKEN) from error


if __name__ == "__main__":
    main()
