"""`learn`: labels of pictures -> doubts -> training -> the gate -> a candidate with its report.

May be broken off and run again: for the same pictures, labels and champion it goes on from its last checkpoint.
"""

import datetime
import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import torch

from mnist_predict.errors import BadRequest
from mnist_predict.learning import report as reports
from mnist_predict.learning import strips
from mnist_predict.learning import train as training
from mnist_predict.learning.dataset import LEAST, Dataset
from mnist_predict.learning.doubts import Doubt, doubts
from mnist_predict.learning.gate import Thresholds, judge
from mnist_predict.learning.train import Recipe, Shown
from mnist_predict.models.registry import LEARNED, Version
from mnist_predict.store.tools.labelled import LabelledPicture
from mnist_predict.training import export, steps
from mnist_predict.training import mnist as mnist_files
from mnist_predict.training.handwriting import Sample
from mnist_predict.vision.recognizer import open_recognizer

Progress = Callable[[str, float, float], None]  # what is done, how far, of how much


@dataclass(frozen=True)
class Task:
    """What to learn with: MNIST's folder, that of other hands if any, where results go, the device, and the gate."""

    mnist: Path
    out: Path
    hands: Path | None = None
    device: str = ""
    seed: int = 1
    recipe: Recipe | None = None  # None: that for so many pictures
    gate: Thresholds = field(default_factory=Thresholds)


@dataclass(frozen=True)
class Candidate:
    """A version that was learned, its report for people, whether it passed, and the labels to look at again."""

    version: Version
    report: Path
    passed: bool
    doubts: list[Doubt]


def learn(dataset: Dataset, champion: Version, task: Task, progress: Progress = lambda *_: None) -> Candidate:
    """Make a candidate in `task.out`. Raises `BadRequest` where there is too little to learn from."""
    began = monotonic()
    device = steps.find_device(task.device)
    # One core makes the batches. Threads that share a core with it wait for each other without sleeping.
    torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))
    mnist_files.hashes(task.mnist)  # a missing file is told now, not after minutes
    shown = _shown(dataset, champion, progress)
    progress("looking for doubtful labels", 0, 1)
    doubtful = doubts(champion, dataset.train, shown, task.seed)
    progress("looking for doubtful labels", 1, 1)
    left_out = {doubt.picture for doubt in doubtful}
    kept = [one for one in dataset.train if one not in left_out and shown[one]]
    parts = [part for one in kept for part in shown[one]]
    if len(kept) < LEAST // 2:
        raise BadRequest(f"Only {len(kept)} labels can be learned from; the other pictures show no number to learn.")
    task.out.mkdir(parents=True, exist_ok=True)
    recipe = task.recipe or training.recipe_for(len(kept), task.seed)
    run = training.begin(recipe, device, champion)
    checkpoint = task.out / f"learn-{_key(kept, champion, recipe)}.checkpoint"
    if checkpoint.exists():
        run.restore(steps.read_checkpoint(checkpoint, device))
    training.train(
        run, champion, parts, task.mnist, task.hands, lambda done, of, *_: progress("training", done, of), checkpoint
    )
    export.to_float16(run.average)
    about = _about(dataset, kept, doubtful, champion, recipe, str(device))
    building = task.out / ".learning"
    shutil.rmtree(building, ignore_errors=True)
    line = champion.report("line") | {key: about[key] for key in ("command", "date", "recipe")}
    line |= {"learned": about, "history": run.history}
    version = export.write_version(run.average, "line", line, building, champion)
    if version.name == champion.name:
        raise BadRequest("Nothing was learned: the candidate is the champion itself.")
    held_out = [(partial(dataset.read, one), one) for one in dataset.held_out]
    judged = judge(champion, version, held_out, task.mnist, task.gate, lambda done, of: progress("measuring", done, of))
    fixed, broken = reports.changed(dataset.held_out, judged.corrections)
    changes = {"fixed": [one.record for one, _ in fixed], "broken": [one.record for one, _ in broken]}
    about |= {"minutes": round((monotonic() - began) / 60, 1)}
    learned = {"learned": about, "gate": judged.report | {"changed": changes}}
    (version.folder / LEARNED).write_text(json.dumps(learned, indent=2) + "\n")
    final = task.out / version.name
    shutil.rmtree(final, ignore_errors=True)
    version.folder.rename(final)
    building.rmdir()
    page = task.out / f"{version.name}.html"
    page.write_text(reports.html(version.name, about, judged, dataset.held_out, doubtful, dataset.read), "utf-8")
    checkpoint.unlink(missing_ok=True)
    return Candidate(Version(final), page, judged.passed, doubtful)


def _shown(dataset: Dataset, champion: Version, progress: Progress) -> dict[LabelledPicture, list[Shown]]:
    """The parts of pictures to train on, by what people say of them."""
    reader = open_recognizer(str(champion.folder))
    found: dict[LabelledPicture, list[Shown]] = {}
    for at, one in enumerate(dataset.train):
        greys = strips.parts(dataset.read(one), one.label, reader, one.place)
        found[one] = [(Sample(grey, one.label, one.source), one.source) for grey in greys]
        progress("finding the numbers", at + 1, len(dataset.train))
    return found


def _key(kept: Sequence[LabelledPicture], champion: Version, recipe: Recipe) -> str:
    told = [champion.name, json.dumps(asdict(recipe)), *sorted(f"{one.key} {one.label} {one.place}" for one in kept)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]


def _about(
    dataset: Dataset,
    kept: Sequence[LabelledPicture],
    doubtful: Sequence[Doubt],
    champion: Version,
    recipe: Recipe,
    device: str,
) -> dict[str, Any]:
    """From what a candidate was learned: counts and ids of records, neither names nor numbers nor hashes, as what is
    erased later must not live on in a version."""
    sources = Counter(one.source for one in kept)
    return {
        "command": "mnist-predict learn",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "start": champion.name,
        "pictures": len(dataset.train) + len(dataset.held_out),
        "corrected": dataset.corrected,
        "trained": len(kept),
        "held_out": len(dataset.held_out),
        "no_number": sum(not one.label for one in kept),
        "sources": len(sources),
        "largest_source": max(sources.values()) / len(kept),
        "doubtful": [doubt.picture.record for doubt in doubtful],
        "recipe": asdict(recipe) | {"start": champion.name},
        "device": f"{device}, {torch.get_num_threads()} thread(s)",
    }
