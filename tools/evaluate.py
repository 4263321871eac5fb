"""Measures the shipped reader on every set there is and writes the tables of docs/accuracy.md: `make evaluate`.

`make evaluate SETS=folder` also reads the sets in that folder: folders with a labels.csv. Everything else is built by
the project: MNIST's test set, its corruptions, print, and what is no digit. Takes some minutes on one core.
"""

import datetime
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.progress import Progress

from mnist_predict.training import mnist as dataset
from mnist_predict.training.evaluation import measures, sets
from mnist_predict.training.evaluation.corruptions import HELD_OUT, errors
from mnist_predict.training.evaluation.evaluate import Sample, drawn, evaluate, samples
from mnist_predict.training.evaluation.plots import curves
from mnist_predict.training.line import batches as strips
from mnist_predict.vision.recognizer import Recognizer, open_recognizer

ROOT = Path(__file__).parent.parent
MNIST = ROOT / "data/mnist"
EACH = 4  # numbers of each font
NOTHING = 300  # pictures of each kind that is no digit
ENOUGH = 300  # pictures that a curve needs
STRIPS = 3_500  # synthesized, one in eight of them without a number
SPOILT = 300  # digits under each corruption
Report = dict[str, Any]


def main() -> None:
    """Measure and write."""
    folders = sorted(path.parent for folder in sys.argv[1:] for path in Path(folder).glob("*/labels.csv"))
    reader = open_recognizer("")
    chosen = {"MNIST test": samples(MNIST), "MNIST held out": held_out()} | {f.name: samples(f) for f in folders}
    chosen["strips, hands held out"] = synthesized()
    for name, segments in (("print, fonts held out", False), ("seven-segment displays", True)):
        chosen[name] = [drawn(*each) for each in sets.printed(EACH, segments)]
    chosen = {name: listed for name, listed in chosen.items() if listed}
    kinds = sets.drawable()
    with Progress(console=Console(stderr=True)) as bar:
        total = sum(map(len, chosen.values())) + len(kinds) * NOTHING + 15 * SPOILT
        task = bar.add_task("reading", total=total)
        advance: Callable[[], None] = lambda: bar.advance(task)  # noqa: E731
        reports = {name: evaluate(reader, listed, advance) for name, listed in chosen.items()}
        nothing = {kind: confidences(reader, kind, advance) for kind in kinds}
        digits, labels = dataset.load(MNIST, "t10k")
        spoilt = errors(reader, digits[:SPOILT], labels[:SPOILT], advance)
    text = written(
        (ROOT / "docs/accuracy.md").read_text(), tables(reader.model_version, reports, nothing, spoilt, chosen)
    )
    (ROOT / "docs/accuracy.md").write_text(text)
    large = {name: report for name, report in reports.items() if report["n"] >= ENOUGH}
    (ROOT / "docs/coverage.png").write_bytes(curves(large))


def held_out() -> list[Sample]:
    """MNIST's pictures that no network of the project trains on, from its training part."""
    pictures, labels = dataset.load(MNIST, "train")
    return [drawn(f"train-{i:05}", pictures[i], str(labels[i])) for i in dataset.split(len(pictures))[1]]


def synthesized() -> list[Sample]:
    """Strips with one number, of hands and fonts that no network trains on, twice as large as the network sees them."""
    made, _ = strips.held_out(MNIST, None, STRIPS, seed=4)
    return [
        drawn(f"strip-{i}", np.asarray(cv2.resize(strip, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)), label)
        for i, (strip, label, *_) in enumerate(made)
        if label.isdecimal()
    ]


def confidences(reader: Recognizer, kind: str, progress: Callable[[], None]) -> list[float]:
    """How sure the reader is of the number that it sees where there is none; 0 where it sees none."""
    found = []
    for picture in sets.non_digits(kind, NOTHING):
        found.append(reader.read_pixels(picture).confidence)
        progress()
    return found


def tables(
    version: str,
    reports: dict[str, Report],
    nothing: dict[str, list[float]],
    spoilt: dict[str, float],
    chosen: dict[str, list[Sample]],
) -> str:
    """All figures in Markdown."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    lines = [
        f"Measured with `make evaluate` on {today}, one set of weights for all rows (`{version}`).",
        "",
        "| set | pictures | exact match, % (95 %) | digits, % | too long or short | none"
        " | calibration error (by chance), % | error of the surest 80 %, % | right told from wrong |",
        "|---|---|---|---|---|---|---|---|---|",
        *(row(name, report) for name, report in reports.items()),
        "",
        "![Errors by how much is answered, and by confidence](coverage.png)",
        "",
        "Calibration error by chance: what so many pictures would show if every confidence were exactly right.",
        "",
        "What is no digit, told from MNIST's digits by confidence (a number was read; more than half sure; AUROC"
        f" against the test set and the held-out pictures, {NOTHING} pictures each kind):",
        "",
        "| kind | read, % | sure, % | AUROC, test | AUROC, held out |",
        "|---|---|---|---|---|",
    ]
    for kind, found in nothing.items():
        score = np.array(found)
        told = [f"{100 * apart(reports[name], score):.2f}" for name in ("MNIST test", "MNIST held out")]
        shares = [f"{100 * float(share.mean()):.1f}" for share in (score > 0, score > 0.5)]
        lines.append(f"| {kind} | {' | '.join(shares + told)} |")
    if missing := [kind for kind in sets.KINDS if kind not in nothing]:
        lines += ["", f"Not measured, as every installed font was trained on: {', '.join(missing)}."]
    fonts = len({name for name, _, _ in chosen.get("print, fonts held out", [])})
    kinds = ", ".join(
        f"{kind}{'*' if kind in HELD_OUT else ''} {100 * share:.1f}"
        for kind, share in sorted(spoilt.items(), key=lambda each: -each[1])
        if kind != "mean"
    )
    lines += [
        "",
        f"Print: {fonts} fonts, {EACH} numbers each. MNIST under corruption, error on {SPOILT} test digits a kind:"
        f" mean {100 * spoilt['mean']:.1f} % ({kinds}; * never trained on).",
    ]
    return "\n".join(lines)


def row(name: str, report: Report) -> str:
    """A row of the first table."""
    low, high = report["interval_95"]
    auroc = "-" if report["auroc"] is None else f"{report['auroc']:.3f}"
    cells = [
        name,
        f"{report['n']:,}",
        f"{100 * report['exact_match']:.2f} ({100 * low:.1f} to {100 * high:.1f})",
        f"{100 * report['digit_accuracy']:.2f}",
        str(report["length_errors"]),
        str(report["no_number"]),
        f"{100 * report['ece']:.1f} ({100 * report['ece_by_chance']:.1f})",
        f"{100 * report['error_at_80']:.2f}",
        auroc,
    ]
    return f"| {' | '.join(cells)} |"


def apart(digits: Report, nothing: np.ndarray) -> float:
    """AUROC: the chance that a picture of a digit is surer than one of none."""
    sure = np.array(digits["confidences"])
    told = measures.auroc(np.concatenate([sure, nothing]), np.arange(len(sure) + len(nothing)) < len(sure))
    return told if told is not None else float("nan")


def written(text: str, figures: str) -> str:
    """docs/accuracy.md with these figures between its marks."""
    return re.sub(r"(?s)(<!-- figures -->\n).*(<!-- /figures -->)", lambda m: f"{m[1]}{figures}\n{m[2]}", text)


if __name__ == "__main__":
    main()
