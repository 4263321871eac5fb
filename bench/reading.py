"""What reading a picture takes, from its bytes: CPU time, as all is done on one core; and what it cannot do without.

`python -m bench.reading`. The goals are 1.6, 7 and 80 ms, and at most 1.4 times decoding and networks.
"""

import statistics
import time
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.pictures import amounts, photograph, pictures
from mnist_predict.turns import ask, asker
from mnist_predict.vision.recognizer import open_recognizer


class Watch:
    """A network that adds up the seconds it is asked for."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.seconds = 0.0

    def run(self, *arguments: Any) -> Any:
        """Ask the network."""
        began = time.process_time()
        answer = self.session.run(*arguments)
        self.seconds += time.process_time() - began
        return answer


def reading(some: list[bytes], rounds: int) -> tuple[float, float, float]:
    """Milliseconds a picture, medians: all, decoding and networks alone; and the 99th percentile of all."""
    reader = open_recognizer("")
    networks = []
    for part in (reader.classifier, reader.line_reader, reader.page_reader):
        if part is not None:
            part._session = Watch(part._session)
            networks.append(part._session)
    whole, alone = [], []
    for turn in range(rounds + 1):
        for picture in some:
            ask("bench", bool)  # who asks is told what the process that decodes took
            asked = sum(network.seconds for network in networks)
            began = time.process_time()
            reader.read(picture)
            took = time.process_time() - began
            decoded = asker().elsewhere
            if turn:  # the first round is to warm up
                whole.append((took + decoded) * 1e3)
                alone.append((decoded + sum(network.seconds for network in networks) - asked) * 1e3)
    whole.sort()
    return statistics.median(whole), statistics.median(alone), whole[len(whole) * 99 // 100]


def main() -> None:
    """Measure and print."""
    table = Table(title="reading, one core")
    for heading in ("what", "ms", "goal", "decoding and networks", "all / these", "p99 ms"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for name, some, rounds, goal in (
        ("a digit, 84 x 84 PNG", pictures(100), 5, 1.6),
        ("an amount of five digits, 250 x 80 JPEG", amounts(50), 5, 7),
        ("a photograph of a number, 12 megapixels", [photograph()], 20, 80),
    ):
        whole, alone, slowest = reading(some, rounds)
        table.add_row(name, f"{whole:.2f}", f"{goal}", f"{alone:.2f}", f"{whole / alone:.2f}", f"{slowest:.2f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
