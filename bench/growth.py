"""Does it stay as fast as it grows: the newest 50, finding, searching and inserting, in stores of several sizes.

`python -m bench.growth 1000 100000 1000000` measures these sizes, on SQLite and on one Cassandra node. The stores of
all sizes are asked in turn, so that whatever else the machine does meets them alike; medians are compared.
Each thousand records needs about 5 MB of disk, twice that on Cassandra. README.md beside this says how long it takes.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.nodes import lacking, nodes
from bench.records import OLDER_MODEL, RARE_CONFIDENCE, RARE_NUMBER, Maker, fill
from mnist_predict.store.opening import open_store
from mnist_predict.store.protocol import Store
from mnist_predict.store.search import Search

SIZES = (1_000, 100_000)
ROUNDS = 60
IN_A_ROUND = 5

SEARCHES = {
    "a number": Search(number=RARE_NUMBER),
    "a range of confidence": Search(least=0.5, most=RARE_CONFIDENCE + 0.1),
    "a model version": Search(model_version=OLDER_MODEL),
    "corrected": Search(labelled="corrected"),
    "not labelled": Search(labelled="no"),
    "a number, corrected": Search(number=RARE_NUMBER, labelled="corrected"),
}

Action = Callable[[Store, int], object]


def growth(kind: str, urls: dict[int, str]) -> None:
    """Fill a store of each size, measure them in turn, and print what came out."""
    table = Table(title=f"{kind}: milliseconds, median")
    for heading in ("what", *(f"{size:,} records" for size in urls), "last / first"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    maker = Maker()
    stores = {size: open_store(url) for size, url in urls.items()}
    end = time.time()  # of all histories: how many of the newest lie together hangs on the ten minutes they are in
    filling = {size: fill(store, maker, size, end) for size, store in stores.items()}
    chance = random.Random(7)
    added = max(urls)

    def newest(store: Store, size: int) -> object:
        return store.page(limit=50)[49]

    def by_name(store: Store, size: int) -> object:
        found = store.newest(f"picture-{chance.randrange(size)}.png")
        assert found
        return found

    def insert(store: Store, size: int) -> object:
        nonlocal added
        added += 1
        return store.add(*maker.upload(added), is_new=True)

    def searching(search: Search) -> Action:
        return lambda store, _: store.search(search, limit=50).records[49]

    actions: dict[str, Action] = {"the newest 50": newest, "find by name": by_name}
    actions |= {f"search: {what}, 50": searching(search) for what, search in SEARCHES.items()}
    actions["insert"] = insert
    for name, action in actions.items():
        took: dict[int, list[float]] = {size: [] for size in urls}
        for turn in range(ROUNDS + 5):
            for size, store in stores.items():
                for _ in range(IN_A_ROUND):
                    began = time.perf_counter()
                    action(store, size)
                    if turn >= 5:
                        took[size].append((time.perf_counter() - began) * 1e3)
        medians = [statistics.median(took[size]) for size in urls]
        table.add_row(name, *(f"{each:.2f}" for each in medians), f"{medians[-1] / medians[0]:.2f}")
    table.add_row("fill, records/s", *(f"{size / seconds:.0f}" for size, seconds in filling.items()), "")
    Console(width=120).print(table)
    for store in stores.values():
        store.close()


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        growth("SQLite", {size: f"sqlite:///{folder}/{size}.sqlite" for size in sizes})
    if what := lacking():
        print(what)
    else:
        with nodes() as cluster:
            cluster.start(1)
            growth("one node", {size: cluster.url(1, f"size_{size}") for size in sizes})


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
