"""Files that are made to take all memory or all time: refused in words, by a process that dies of them alone."""

import os
import signal
import threading
from io import BytesIO
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

import attacks
import numpy as np
import pytest
from PIL import Image

from mnist_predict.errors import BrokenPicture, UserError
from mnist_predict.turns import ask
from mnist_predict.vision import decoder, decoding
from mnist_predict.vision.picture import decode


def png(width: int = 24, height: int = 16) -> bytes:
    out = BytesIO()
    Image.new("L", (width, height), 255).save(out, "PNG")
    return out.getvalue()


def children() -> list[int]:
    return [int(each) for each in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def refusal(data: bytes) -> UserError | None:
    """What is said to a file; None where it is decoded after all."""
    try:
        decode(data)
    except UserError as error:
        return error
    return None


PDFS = {
    "nested forms": attacks.nested_forms,
    "inflated twice": lambda: attacks.inflated_twice(60_000_000),
    "saved states": attacks.saved_states,
    "inline images": attacks.inline_images,
}


@pytest.mark.parametrize("name", PDFS)
def test_a_pdf_that_never_ends_is_refused_in_time(monkeypatch, name):
    monkeypatch.setattr(decoder, "SECONDS", 1.0)
    data = PDFS[name]()
    decode(png())
    worker, cpu = getrusage(RUSAGE_SELF).ru_maxrss, getrusage(RUSAGE_SELF).ru_utime
    drawn = getrusage(RUSAGE_CHILDREN).ru_utime
    refused = refusal(data)
    assert refused is None or refused.status == 422
    assert refused is None or "Save it" in str(refused)
    assert getrusage(RUSAGE_SELF).ru_utime - cpu < 0.5
    assert getrusage(RUSAGE_CHILDREN).ru_utime - drawn < 3
    assert getrusage(RUSAGE_SELF).ru_maxrss - worker < 30_000  # kB
    assert getrusage(RUSAGE_CHILDREN).ru_maxrss < decoding.MEMORY / 1000
    assert decode(png()).size == (24, 16)


def test_a_process_that_was_killed_is_replaced():
    decode(png())
    for pid in children():
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert decode(png()).size == (24, 16)


def test_a_process_that_dies_of_a_file_takes_nothing_with_it(monkeypatch):
    monkeypatch.setattr(decoder, "SECONDS", 0.2)
    with pytest.raises(BrokenPicture, match="too long"):
        decode(attacks.nested_forms())
    monkeypatch.undo()
    assert decode(png()).size == (24, 16)


def test_while_a_heavy_file_is_decoded_another_client_is_served(monkeypatch):
    monkeypatch.setattr(decoder, "SECONDS", 1.0)
    decode(png())
    heavy, order = attacks.nested_forms(), []

    def send(client: str, data: bytes) -> None:
        ask(client, bool)
        refusal(data)
        order.append(client)

    attackers = [threading.Thread(target=send, args=("one", heavy)) for _ in range(2)]
    for each in attackers:
        each.start()
    for _ in range(3):
        other = threading.Thread(target=send, args=("another", png()))
        other.start()
        other.join()
    assert order[:4].count("another") == 3
    for each in attackers:
        each.join()


def test_pixels_come_as_they_were_decoded():
    noise = np.random.default_rng(1).integers(0, 256, (300, 500, 3), np.uint8)
    out = BytesIO()
    Image.fromarray(noise).save(out, "PNG")
    assert np.array_equal(decode(out.getvalue()).pixels, noise)
