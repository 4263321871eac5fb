"""Whether learning from corrections works, on real hands: `python -m bench.learning FOLDER`, a folder with labels.csv.

A part of the pictures, chosen by a seed, goes through a service as from a person: uploaded, read, labelled. What is
learned from them is tested on the others, which nothing else has seen. What is learned here is thrown away.
"""

import argparse
import os
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from rich.console import Console
from rich.table import Table

from mnist_predict.learning.dataset import of_store
from mnist_predict.learning.gate import Thresholds
from mnist_predict.learning.learn import Task, learn
from mnist_predict.learning.paired import Compared, read_both
from mnist_predict.models.registry import Version, open_version
from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.store.opening import open_store
from mnist_predict.store.tools.labelled import read_labels
from mnist_predict.vision.recognizer import open_recognizer
from mnist_predict.written import agrees

Row = tuple[str, str]  # the name of a picture, and its label
MNIST = Path(__file__).parents[2] / "data/mnist"
QUICK = Thresholds(mnist=1_000, test=0, pages=30, nothing=10)


@dataclass(frozen=True)
class Trial:
    """How many pictures a person labels in how many rounds, which share of the labels is wrong, and whether all are
    mixed up."""

    name: str
    count: int
    wrong: float = 0.0
    shuffled: bool = False
    gate: Thresholds = QUICK
    rounds: int = 1


TRIALS = {
    "200": Trial("200 pictures", 200, gate=Thresholds()),
    "wrong": Trial("200, a tenth of the labels wrong", 200, wrong=0.1),
    "50": Trial("50 pictures", 50),
    "rounds": Trial("40 more, five times", 40, rounds=5),
    "shuffled": Trial("200, labels mixed up", 200, shuffled=True),
}


def main() -> None:
    """Make each trial and print a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("trials", nargs="*", default=list(TRIALS), help=", ".join(TRIALS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=int, default=200, help="pictures that may be labelled; the others are the test")
    given = parser.parse_args()
    rows = sorted((row["image_name"], row["label"]) for row in read_labels(given.folder))
    random.Random(given.seed).shuffle(rows)
    labelled, test = rows[: given.most], rows[given.most :]
    table = Table(
        "trial",
        "learned / held out / doubted",
        "champion",
        "candidate",
        "error falls by",
        "MNIST test",
        "gate",
        "minutes",
    )
    for name in given.trials:
        trial = TRIALS[name]
        with tempfile.TemporaryDirectory(prefix="bench-learning-") as place:
            champion, data = open_version(), Settings(data=place)
            service = Service(open_recognizer(""), open_store(data.store_url), data)
            for at in range(trial.rounds):  # each with more pictures, from the candidate before on
                rest = labelled[at * trial.count :]
                row, champion = _trial(trial, given.folder, rest, test, given.seed, champion, service)
                table.add_row(*row)
                Console(width=160).print(table)
            service.store.close()


def _trial(
    trial: Trial, folder: Path, labelled: list[Row], test: list[Row], seed: int, champion: Version, service: Service
) -> tuple[list[str], Version]:
    """A row of the table, and the candidate."""
    said = _labels(trial, labelled[: trial.count], seed)
    for (name, _), label in zip(labelled, said, strict=False):
        record = service.upload((folder / name).read_bytes(), name)
        service.label(str(record.id), label)
    task = Task(MNIST, Path(service.settings.data), seed=seed, gate=trial.gate)
    made = learn(of_store(service.store), champion, task, _tell)
    pictures = [(folder / name).read_bytes() for name, _ in test]
    pairs = read_both(open_version(), made.version, pictures, lambda _: None)
    hits = [
        (
            agrees(label, one.champion.number, one.champion.written),
            agrees(label, one.candidate.number, one.candidate.written),
        )
        for (_, label), one in zip(test, pairs, strict=True)
    ]
    learned: dict[str, Any] = made.version.learned
    compared = Compared.of(hits)
    before, after = 1 - compared.champion / compared.n, 1 - compared.candidate / compared.n
    about, mnist = learned["learned"], learned["gate"]["sets"]["test"]
    failed = [check["name"] for check in learned["gate"]["checks"] if not check["passed"]]
    for check in learned["gate"]["checks"]:
        print(f"  {check['name']}: {check['words']}", flush=True)
    row = [
        trial.name,
        f"{about['trained']} / {about['held_out']} / {len(about['doubtful'])}",
        f"{1 - before:.1%} of {compared.n}",
        f"{1 - after:.1%}",
        f"{1 - after / before:.0%}",
        f"{mnist['champion']:.2%}, {mnist['candidate']:.2%}" if mnist["n"] else "-",
        "not passed: " + ", ".join(failed) if failed else "passed",
        f"{about['minutes']:.1f}",
    ]
    return row, made.version


def _labels(trial: Trial, labelled: list[tuple[str, str]], seed: int) -> list[str]:
    """What the person says each number is."""
    rng = random.Random(seed)
    labels = [label for _, label in labelled]
    if trial.shuffled:
        rng.shuffle(labels)
    for at in rng.sample(range(len(labels)), round(trial.wrong * len(labels))):
        digit = rng.randrange(len(labels[at]))
        other = rng.choice([one for one in "0123456789" if one != labels[at][digit]])
        labels[at] = labels[at][:digit] + other + labels[at][digit + 1 :]
    return labels


_told: dict[str, float] = {}
_began = monotonic()


def _tell(stage: str, done: float, of: float) -> None:
    """Progress, with the time gone by and the CPU time of this process and of those it has ended."""
    share = done / of
    if share >= 1 or share - _told.get(stage, -1) >= 0.25 or share < _told.get(stage, 0):
        _told[stage] = share
        cpu = sum(os.times()[:4])
        print(f"  {stage} {share:.0%} ({monotonic() - _began:.0f} s, {cpu:.0f} s of CPU)", flush=True)


if __name__ == "__main__":
    main()
