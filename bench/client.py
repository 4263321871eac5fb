"""A client for load: keep-alive connections that each send the next upload when the answer to the last has come.

Run as a process of its own: `python -m bench.client PORT CONNECTIONS SECONDS together|apart`; prints JSON.
`apart` sends head and body in two segments, as python-requests does.
"""

import json
import socket
import sys
import threading
import time
from itertools import cycle

from bench.pictures import pictures


def boundary(index: int) -> bytes:
    """Between the parts of that form: browsers make one up for each."""
    return b"edge-of-a-part-%d" % index


def request(index: int, picture: bytes) -> tuple[bytes, bytes]:
    """Head and body of one upload."""
    name = b'Content-Disposition: form-data; name="file"; filename="%d.png"\r\n' % index
    edge = boundary(index)
    body = b"--" + edge + b"\r\n" + name + b"Content-Type: image/png\r\n\r\n" + picture + b"\r\n--" + edge + b"--\r\n"
    head = (
        b"POST /uploads HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
        b"Content-Type: multipart/form-data; boundary=%s\r\nContent-Length: %d\r\n\r\n" % (edge, len(body))
    )
    return head, body


def one_connection(
    port: int, requests: list[tuple[bytes, bytes]], apart: bool, until: float, took: list[float]
) -> None:
    """Upload one after the other until the time is over; anything but 200 ends the measuring."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = connection.makefile("rb")
        for head, body in cycle(requests):
            began = time.perf_counter()
            if began > until:
                return
            for part in (head, body) if apart else (head + body,):
                connection.sendall(part)
            status = answers.readline()
            length = 0
            while (line := answers.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            answer = answers.read(length)
            if b" 200 " not in status:
                raise RuntimeError(f"{status!r} {answer!r}")
            took.append(time.perf_counter() - began)


def main(port: int, connections: int, seconds: float, how: str) -> None:
    """Measure and print."""
    requests = [request(i, picture) for i, picture in enumerate(pictures(4_000))]
    took: list[float] = []
    began = time.perf_counter()
    threads = [
        threading.Thread(
            target=one_connection, args=(port, requests[i::connections], how == "apart", began + seconds, took)
        )
        for i in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took.sort()
    print(
        json.dumps(
            {
                "uploads": len(took),
                "seconds": time.perf_counter() - began,
                "p50_ms": took[len(took) // 2] * 1e3,
                "p99_ms": took[len(took) * 99 // 100] * 1e3,
                "client_cpu": time.process_time(),
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
