"""What people look at in a model version: learning curves, confusion matrix, model card."""

from pathlib import Path
from typing import Any

import numpy as np

CARD = """# {name}

Reads one handwritten digit of 28 x 28 pixels; made by mnist_predict ({command}), {date}.

- Data: MNIST's training set (CC BY-SA 3.0) less {held_out} pictures held out for choosing and calibrating, and
  {drawn} of each {batch} pictures drawn by program with the digit shapes of other countries.
- Recipe: {epochs} epochs, {minutes:.0f} minutes on {device}; all of it in `report.json`.
- Validation (held out): {validation}.
- Test: {test}; nothing was chosen by it.
- Confidence: temperature {temperature:.3f}; on the test set a calibration error of {ece:.4f} (15 bins of equal mass),
  negative log-likelihood {nll:.4f}, and right is told from wrong with an AUROC of {auroc:.4f}.

Meant for single digits that `mnist_predict` has found and normalized. It was taught nothing but digits: of a letter or
a scribble it makes a digit, at times a sure one. Its writers were mostly from the US.

![learning curves](curves.png) ![confusion matrix](confusion.png)
"""


def write_card(name: str, report: dict[str, Any], folder: Path) -> None:
    """`README.md` of a version, from its report."""

    def share(part: dict[str, Any]) -> str:
        low, high = part["interval_95"]
        return f"{part['accuracy']:.2%} of {part['n']} (95 % interval {low:.2%} to {high:.2%})"

    test = report["test"]
    text = CARD.format(
        name=name,
        command=report["command"],
        date=report["date"],
        held_out=report["validation"]["n"],
        drawn=report["recipe"]["drawn"],
        batch=report["recipe"]["batch"],
        epochs=report["recipe"]["epochs"],
        minutes=report["minutes"],
        device=report["device"],
        validation=share(report["validation"]),
        test=share(test),
        temperature=report["temperature"],
        ece=test["ece"],
        nll=test["nll"],
        auroc=float("nan") if test["auroc"] is None else test["auroc"],
    )
    (folder / "README.md").write_text(text)


def write_pictures(report: dict[str, Any], folder: Path) -> None:
    """`curves.png` and `confusion.png` of a version, from its report."""
    from matplotlib.figure import Figure

    history = report["history"]
    epochs = np.arange(1, len(history) + 1)
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    for place, (name, label) in enumerate((("loss", "training loss"), ("error", "validation error, %")), 1):
        axes = figure.add_subplot(1, 2, place)
        values = [h["loss"] if name == "loss" else 100 * (1 - h["validation_accuracy"]) for h in history]
        axes.plot(epochs, values, marker="." if len(epochs) < 3 else None)
        axes.set(xlabel="epoch", ylabel=label, yscale="linear" if name == "loss" else "symlog")
        axes.grid(alpha=0.3)
    figure.savefig(folder / "curves.png", dpi=110)

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
