"""Files that are made to take all memory or all time: refused in words, by a process that dies of them alone."""

import os
import signal
import threading
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

import attacks
import numpy as np
import pytest
from PIL import Image

from mnist_predict.errors import BrokenPicture, UserError
from mnist_predict.turns import ask
from mnist_predict.vision.load import decoder, decoding
from mnist_predict.vision.load.picture import decode


def png(width: int = 24, height: int = 16) -> bytes:
    return attacks.saved(Image.new("L", (width, height), 255), "PNG")


def children() -> list[int]:
    """The processes that decode for this one; tests of other files may have started other children."""
    found = [int(each) for each in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    return [pid for pid in found if decoding.__name__.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]


def held() -> int:
    """The most memory that a process which decodes has held so far, in bytes."""
    return max(int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) << 10 for pid in children())


def refusal(data: bytes) -> UserError | None:
    """What is said to a file; None where it is decoded after all."""
    try:
        decode(data)
    except UserError as error:
        return error
    return None


@pytest.fixture
def anew():
    """A process that has decoded nothing yet."""
    decode(png())
    for pid in children():
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


ENDLESS = {
    "grids of a HEIC": attacks.nested_grids,
    "nested forms": attacks.nested_forms,
    "inflated twice": lambda: attacks.inflated_twice(60_000_000),
    "saved states": attacks.saved_states,
    "inline images": attacks.inline_images,
}


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.usefixtures("anew")  # what a child has used counts when it ends, all of its life
def test_a_file_that_never_ends_is_refused_in_time(monkeypatch, name):
    monkeypatch.setattr(decoder, "SECONDS", 1.0)
    data = ENDLESS[name]()
    decode(png())
    worker, cpu = getrusage(RUSAGE_SELF).ru_maxrss, getrusage(RUSAGE_SELF).ru_utime
    drawn = getrusage(RUSAGE_CHILDREN).ru_utime
    refused = refusal(data)
    assert refused is None or refused.status == 422
    assert refused is None or "Save it" in str(refused)
    assert getrusage(RUSAGE_SELF).ru_utime - cpu < 0.5
    assert getrusage(RUSAGE_CHILDREN).ru_utime - drawn < 3
    assert getrusage(RUSAGE_SELF).ru_maxrss - worker < 30_000  # kB
    assert decode(png()).size == (24, 16)


def test_the_system_limits_the_memory_of_what_decodes(anew):
    decode(png())
    for pid in children():
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert limits.split("Max data size")[1].split()[:2] == [str(decoding.MEMORY)] * 2


@pytest.mark.skipif(
    not Path("/proc/self/oom_score_adj").exists(), reason="it is Linux that kills where memory runs out"
)
def test_where_memory_runs_out_what_decodes_is_killed_first(anew):
    decode(png())
    assert {Path(f"/proc/{pid}/oom_score_adj").read_text() for pid in children()} == {"1000\n"}


def test_a_process_that_was_killed_is_replaced(anew):
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
    assert np.array_equal(decode(attacks.saved(Image.fromarray(noise), "PNG")).pixels, noise)


LARGE = {
    "16 bits of grey": lambda: attacks.png(8000, 8000, 16, 0),
    "RGBA": lambda: attacks.png(8000, 8000, 8, 6, b"\x00\x00\x00\xff" * 8000),
    "palette, transparent": lambda: attacks.png(
        8000, 8000, 8, 3, b"", attacks.chunk(b"PLTE", bytes(768)), attacks.chunk(b"tRNS", b"\xff" * 256)
    ),
    "floats": lambda: attacks.saved(Image.new("F", (8000, 8000), 0.0), "TIFF", compression="tiff_adobe_deflate"),
    "WebP": lambda: attacks.saved(Image.new("L", (4000, 4000), 0), "WEBP"),
    "progressive": lambda: attacks.saved(Image.new("L", (8000, 8000), 0), "JPEG", progressive=True),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_picture_of_64_megapixels_takes_no_more_memory_than_it_must(anew, name):
    data = LARGE[name]()
    decoded = decode(data)
    assert decoded.size in ((8000, 8000), (4000, 4000))
    side = 2000 if name == "progressive" else 1414  # a JPEG is decoded at a quarter, and left so
    assert decoded.pixels.shape[:2] == (side, side)
    assert (decoded.pixels == (255 if name == "16 bits of grey" else 0)).all()
    assert held() < 340_000_000  # 256 of which are its pixels, decoded


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("WEBP", {}, "16 megapixels"),
        ("JPEG", {"progressive": True, "subsampling": 0}, "progressive"),
        ("TIFF", {"tiffinfo": {274: 6}, "compression": "packbits"}, "memory"),
    ],
)
def test_what_would_take_too_much_is_refused_in_words(anew, kind, options, words):
    data = attacks.saved(Image.new("RGB", (8000, 8000)), kind, **options)
    with pytest.raises(UserError, match=words) as refused:
        decode(data)
    assert refused.value.status in (413, 422)
    assert held() < 340_000_000  # 256 of which are its pixels, decoded


def test_strips_of_a_large_picture_join_without_a_seam():
    ramp = np.add.outer(np.arange(2999) % 200, np.arange(2001) % 50).astype(np.uint8)
    for pixels in (ramp, ramp.astype(np.uint16) << 8, np.dstack([ramp] * 3)):
        image = Image.fromarray(pixels)
        decoded = decode(attacks.saved(image, "PNG"))
        height, width = decoded.pixels.shape[:2]
        whole = np.asarray(Image.fromarray(ramp).resize((width, height), Image.Resampling.BOX))
        grey = np.asarray(Image.fromarray(decoded.pixels).convert("L"))
        assert np.abs(grey.astype(int) - whole).max() <= 1
