"""`make attack`: each attack by one client, while another one uploads a picture again and again; prints what it did.

The promise: whatever one client sends, a worker with what decodes for it stays below 600 MB, another client's upload is
answered within 2 s, and no request takes more than 30 s of CPU. Needs a machine that has nothing else to do.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import attacks
import requests
from PIL import Image
from web_examples import Running, picture_of, serving

Attack = Callable[[Running], None]
MEGABYTES, SECONDS, CPU = 600, 2.0, 30.0
TIMES = 3  # requests of the attacker at a time


def tree(pid: int) -> list[int]:
    """A process and all that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in tree(int(child)))]


def held(workers: list[int]) -> int:
    """Bytes in memory of the worker that holds most, with the processes that decode for it."""
    most = 0
    for worker in workers:
        pages = 0
        for pid in tree(worker):
            with suppress(OSError):
                pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        most = max(most, 4096 * pages)
    return most


def seconds(workers: list[int]) -> float:
    """CPU that the workers and what they started took so far, also what has ended."""
    ticks = 0
    for worker in workers:
        for pid in tree(worker):
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(map(int, fields[11:15] if pid == worker else fields[11:13]))
    return ticks / 100


def upload(name: str, data: bytes, expect: str = "") -> Attack:
    def send(site: Running) -> None:
        with suppress(requests.RequestException):
            form = {"expect": expect}
            requests.post(f"{site.url}/uploads", files={"file": (name, data)}, data=form, timeout=120)

    return send


def at_once(*attacks: Attack) -> Attack:
    def send(site: Running) -> None:
        threads = [threading.Thread(target=attack, args=(site,)) for attack in attacks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return send


def do_not_read(site: Running) -> None:
    connections = []
    for path in ["/uploads/large.bmp"] * 20 + ["/records.jsonl"] * 22:
        connection = socket.create_connection(site.place)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        connections.append(connection)
    sleep(5)
    for connection in connections:
        connection.close()


def all_attacks() -> dict[str, Attack]:
    """Each attack by what it is."""
    fax = attacks.blank_pages()
    floats = attacks.saved(Image.new("F", (8000, 8000), 1.0), "TIFF", compression="tiff_adobe_deflate")
    return {
        "nothing": lambda site: sleep(3),
        "PDF, nested forms": upload("a.pdf", attacks.nested_forms()),
        "the same beside a page of noise": at_once(
            upload("a.pdf", attacks.nested_forms()), upload("a.png", attacks.noise(860, 2320))
        ),
        "PDF, inflated twice": upload("a.pdf", attacks.inflated_twice()),
        "PDF, saved states": upload("a.pdf", attacks.saved_states()),
        "PDF, inline images": upload("a.pdf", attacks.inline_images()),
        "PNG, 16 bits, 64 megapixels": upload("a.png", attacks.png(8000, 8000, 16, 0)),
        "PNG, RGBA, 64 megapixels": upload("a.png", attacks.png(8000, 8000, 8, 6)),
        "TIFF, floats, 64 megapixels": upload("a.tif", floats),
        "TIFF, 50 pages of 64 megapixels": upload("a.tif", fax),
        "zip of 3 of these": upload("a.zip", attacks.zipped({f"{n}.tif": fax for n in range(3)})),
        "HEIC, nested grids": upload("a.heic", attacks.nested_grids()),
        "zip of 1000 files that overlap": upload("a.zip", attacks.overlapping("a.png", attacks.png(8000, 8000, 8, 0))),
        "stroke of 49,699 pixels": upload("a.png", attacks.saved(attacks.stroke(), "PNG")),
        "PNG in 1.6 million pieces": upload(
            "a.png", attacks.png(8, 8, 8, 0, b"", attacks.chunk(b"tEXt", b"") * 1_600_000)
        ),
        "expect that blows up": upload("7.png", picture_of("7"), "/((1*)*2*)*3*.{300}/"),
        "downloads that nobody reads": do_not_read,
    }


def main() -> None:
    """Print the table; exit 1 where the promise is broken."""
    broken = False
    print("| attack | most memory of a worker, MB | other client's upload, median and slowest, s | CPU a request, s |")
    print("| --- | --- | --- | --- |")
    with TemporaryDirectory() as folder, serving(Path(folder), workers=2) as site:
        workers = tree(site.process.pid)[1:]
        workers = [pid for pid in workers if Path(f"/proc/{pid}/stat").read_text().split()[3] == str(site.process.pid)]
        workers = [pid for pid in workers if len(tree(pid)) > 1]  # those that decode
        requests.post(f"{site.url}/uploads", files={"file": ("large.bmp", attacks.blank_bmp(19_000_000))}, timeout=60)
        for name, attack in all_attacks().items():
            start, memory, took = seconds(workers), 0, []
            threads = [threading.Thread(target=attack, args=(site,)) for _ in range(TIMES)]
            for thread in threads:
                thread.start()
            with attacks.client("127.0.0.2") as other:
                while any(thread.is_alive() for thread in threads):
                    memory = max(memory, held(workers))
                    began = monotonic()
                    other.post(f"{site.url}/uploads", files={"file": ("7.png", picture_of("7"))}, timeout=60)
                    took.append(monotonic() - began)
                    sleep(0.1)
            cpu = (seconds(workers) - start) / TIMES
            kept = memory < MEGABYTES * 10**6 and max(took) < SECONDS and cpu < CPU
            broken = broken or not kept
            mark = "" if kept else " (broken)"
            print(f"| {name}{mark} | {memory // 10**6} | {median(took):.2f}, {max(took):.2f} | {cpu:.1f} |", flush=True)
    raise SystemExit(broken)


if __name__ == "__main__":
    main()
