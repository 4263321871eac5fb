"""What people look at in a model version: learning curves, confusion matrix, model card."""

from pathlib import Path
from typing import Any

import numpy as np

from mnist_predict.models.registry import Part

DIGITS = """# Digit network

Reads one handwritten digit of 28 x 28 pixels; made by mnist_predict ({command}), {date}.

- Data: MNIST's training set (CC BY-SA 3.0) less {held_out} pictures held out for choosing and calibrating, and
  of each {batch} pictures {drawn} drawn by program with the digit shapes of other countries, and {seen} as the reader
  cuts them out of synthesized strips and of spoilt digits, some of them no digits.
- Recipe: {epochs} epochs, {minutes:.0f} minutes on {device}; all of it in `report.json`.
- Validation (held out): {validation}.
- Test: {test}; nothing was chosen by it.
- Confidence: temperature {temperature:.3f}; on the test set a calibration error of {ece:.4f} (15 bins of equal mass),
  negative log-likelihood {nll:.4f}, and right is told from wrong with an AUROC of {auroc:.4f}.

Meant for single digits that `mnist_predict` has found and normalized. Of a letter or a scribble it makes a digit,
mostly an unsure one: there is no class for them. Its writers were mostly from the US.

![learning curves](curves.png) ![confusion matrix](confusion.png)
"""


LINE = """# Line network

Reads a line of digits and marks, 32 pixels high and of any width; made by mnist_predict ({command}), {date}.

- Data: strips synthesized from MNIST's training pictures (CC BY-SA 3.0), from digits drawn by program in the shapes of
  many countries, and from {fonts} fonts; {strips:,} of them, none twice. Other hands: {hands}.
- Recipe: {epochs} epochs{start}, {minutes:.0f} minutes on {device}; all of it in `report.json`.
- Validation (strips of writers and fonts that it was not trained on, as hard as those of the training): {validation} of
  lines right, marks and all{real}; that chose nothing but the temperature.
- Confidence: temperature {temperature:.3f}; a calibration error of {ece:.4f} (15 bins of equal mass), and right is told
  from wrong with an AUROC of {auroc:.4f}.

Meant for the strips that `mnist_predict` cuts out of pictures. How well it reads people whom it never saw in training
stands in docs/accuracy.md.

![learning curves](curves.png)
"""


LEARNED = """# Line network

Learned from what people corrected, from the weights of `{start}` on; made by mnist_predict ({command}), {date}.

- Data: {trained} pictures that people labelled, whole numbers, beside synthesized strips against forgetting. {held_out}
  others are held out for good.
- Recipe: in `report.json`. How the gate measured it, beside the version it went on from: in `learned.json`.
- What was learned of a picture stays in the weights when the picture is erased, until a version is learned without it.
"""


PAGE = """# Page network

Finds lines of digits on a page; made by mnist_predict ({command}), {date}.

- Data: {pages:,} pages synthesized as the line network's strips are, none twice: numbers among words, forms, rules,
  rings, holes, folds, shadows and dark edges, at any angle, and pages without a number. Other hands: {hands}.
- Recipe: {epochs} epochs{start}, {minutes:.0f} minutes on {device}; all of it in `report.json`.
- Validation (pages of writers and fonts that it was not trained on): {validation} of lines found; {false} of {seen}
  lines that it saw were none.

What it sees only says where to look; the line network reads.

![learning curves](curves.png)
"""


def write_card(part: Part, report: dict[str, Any], folder: Path) -> None:
    """`README.md` of a network, from its report."""
    if "learned" in report:
        text = LEARNED.format(**report["learned"])
    else:
        text = {"digits": _digits, "line": _line, "page": _page}[part](report)
    (folder / "README.md").write_text(text)


def _share(part: dict[str, Any]) -> str:
    low, high = part["interval_95"]
    return f"{part['accuracy']:.2%} of {part['n']} (95 % interval {low:.2%} to {high:.2%})"


def _hands(report: dict[str, Any]) -> str:
    archives = ", ".join(report["hands"])
    return f"{archives} (docs/method.md tells their licences and origins)" if archives else "none"


def _start(recipe: dict[str, Any]) -> str:
    return f" from the weights of `{recipe['start']}` on" if recipe["start"] else ""


def _page(report: dict[str, Any]) -> str:
    validation, recipe = report["validation"], report["recipe"]
    return PAGE.format(
        hands=_hands(report),
        start=_start(recipe),
        command=report["command"],
        date=report["date"],
        pages=sum(epoch["pages"] for epoch in report["history"]),
        epochs=recipe["epochs"],
        minutes=report["minutes"],
        device=report["device"],
        validation=_share(validation),
        false=validation["false"],
        seen=validation["seen"],
    )


def _line(report: dict[str, Any]) -> str:
    validation, recipe = report["validation"], report["recipe"]
    return LINE.format(
        hands=_hands(report),
        start=_start(recipe),
        real=f"; {_share(report['real'])} of numbers that real hands wrote" if "real" in report else "",
        command=report["command"],
        date=report["date"],
        fonts=report["fonts"],
        strips=recipe["strips"] * recipe["epochs"],
        epochs=recipe["epochs"],
        minutes=report["minutes"],
        device=report["device"],
        validation=_share(validation),
        temperature=report["temperature"],
        ece=validation["ece"],
        auroc=float("nan") if validation["auroc"] is None else validation["auroc"],
    )


def _digits(report: dict[str, Any]) -> str:
    test = report["test"]
    return DIGITS.format(
        command=report["command"],
        date=report["date"],
        held_out=report["validation"]["n"],
        drawn=report["recipe"]["drawn"],
        seen=report["recipe"].get("seen", 0),
        batch=report["recipe"]["batch"],
        epochs=report["recipe"]["epochs"],
        minutes=report["minutes"],
        device=report["device"],
        validation=_share(report["validation"]),
        test=_share(test),
        temperature=report["temperature"],
        ece=test["ece"],
        nll=test["nll"],
        auroc=float("nan") if test["auroc"] is None else test["auroc"],
    )


def write_pictures(report: dict[str, Any], folder: Path) -> None:
    """`curves.png` of a network, and `confusion.png` where its report has a test set."""
    from matplotlib.figure import Figure

    history = report["history"]
    epochs = np.arange(1, len(history) + 1)
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    for place, (name, label) in enumerate((("loss", "training loss"), ("error", "validation error, %")), 1):
        if name == "error" and "validation_accuracy" not in history[0]:
            continue
        axes = figure.add_subplot(1, 2, place)
        values = [h["loss"] if name == "loss" else 100 * (1 - h["validation_accuracy"]) for h in history]
        axes.plot(epochs, values, marker="." if len(epochs) < 3 else None)
        axes.set(xlabel="epoch", ylabel=label, yscale="linear" if name == "loss" else "symlog")
        axes.grid(alpha=0.3)
    figure.savefig(folder / "curves.png", dpi=110)

    if "test" not in report:
        return
    counts = np.array(report["test"]["confusion"])
    wrong = counts * (1 - np.eye(10, dtype=int))
    figure = Figure(figsize=(5, 4.6), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(wrong, cmap="Reds")
    for row, column in np.ndindex(10, 10):
        if counts[row, column]:
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=7)
    axes.set(xlabel="read", ylabel="label", xticks=range(10), yticks=range(10), title="Test set; red: errors")
    figure.savefig(folder / "confusion.png", dpi=110)
