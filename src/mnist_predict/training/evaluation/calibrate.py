"""Makes confidences mean what they say, and measures the network alone, digit by digit."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mnist_predict.stats.intervals import wilson_interval
from mnist_predict.training import mnist
from mnist_predict.training.digit.network import Network
from mnist_predict.training.digit.train import logits
from mnist_predict.training.evaluation import measures
from mnist_predict.training.line import batches
from mnist_predict.training.line import train as line
from mnist_predict.training.line.network import LineNetwork
from mnist_predict.training.page import batches as pages
from mnist_predict.training.page import train as page
from mnist_predict.training.page.network import PageNetwork
from mnist_predict.training.synthesis.generator import Labelled
from mnist_predict.vision.find.page import INSIDE, LOWEST, TALLEST, grown
from mnist_predict.vision.read.alphabet import SYMBOLS
from mnist_predict.vision.read.ctc import decode

CALIBRATION = 3_000  # strips of hands that are not trained on
PAGES = 60  # batches of them


def fit_temperature(network: Network, output: Tensor, labels: Tensor) -> None:
    """Set the one temperature that makes held-out labels likeliest (Guo et al. 2017).

    `output` logits `[N, 10]`, `labels` `[N]`. The loss is convex in 1/T, so a fine grid finds it.
    """
    choices = torch.exp(torch.linspace(-2, 2, 401))
    losses = [float(torch.nn.functional.cross_entropy(output / t, labels)) for t in choices]
    network.temperature.fill_(choices[int(np.argmin(losses))])


def measure_digits(network: Network, data: Path) -> dict[str, Any]:
    """Fit the temperature on the held-out pictures, then the figures of both parts; the test set decides nothing."""
    network = network.cpu()
    report: dict[str, Any] = {}
    pictures, labels = mnist.load(data, "train")
    held_out = mnist.split(len(pictures))[1]
    parts = {"validation": (pictures[held_out], labels[held_out]), "test": mnist.load(data, "t10k")}
    for part, (pictures, labels) in parts.items():
        output = logits(network, torch.from_numpy(pictures.copy()))
        if part == "validation":
            fit_temperature(network, output, torch.from_numpy(labels.astype(np.int64)))
        probabilities = torch.softmax(output / network.temperature, 1).numpy()
        read, confidence = probabilities.argmax(1), probabilities.max(1)
        hit = read == labels
        report[part] = {
            "n": len(labels),
            "accuracy": float(hit.mean()),
            "interval_95": wilson_interval(int(hit.sum()), len(hit)),
            "nll": measures.nll(probabilities[np.arange(len(labels)), labels]),
            "ece": measures.calibration_error(confidence, hit),
            "auroc": measures.auroc(confidence, hit),
            "confusion": measures.confusion(labels, read).tolist(),
        }
    return {"temperature": float(network.temperature), **report}


def measure_line(network: LineNetwork, data: Path, hands: Path | None) -> dict[str, Any]:
    """Fit the temperature on strips of held-out hands, then the figures on others of them, none seen before."""
    network = network.cpu().eval()
    made, numbers = batches.held_out(data, hands, 2 * CALIBRATION, seed=2)
    fit, rest = made[:CALIBRATION] + numbers[: len(numbers) // 2], made[CALIBRATION:]
    choices = np.exp(np.linspace(-0.7, 0.7, 15))
    losses = [_label_loss(network, fit, float(t)) for t in choices]
    network.temperature.fill_(float(choices[int(np.argmin(losses))]))
    report = {"temperature": float(network.temperature), "validation": _measured(network, rest)}
    return report | ({"real": _measured(network, numbers[len(numbers) // 2 :])} if numbers else {})


def measure_page(network: PageNetwork, data: Path, hands: Path | None) -> dict[str, Any]:
    """The share of lines that are found on pages of held-out hands, none seen before, and how many found are none."""
    network = network.cpu().eval()
    found = seen = false = count = 0
    with torch.inference_mode():
        for batch in pages.held_out(data, hands, PAGES, seed=2):
            maps = network.calibrated(page.to_input(batch.pages, torch.device("cpu"))).numpy()
            for one, placed in zip(maps, batch.lines, strict=True):
                lines = grown(one)
                there = [line.seen for line in placed]
                clear = [line for line in there if LOWEST <= line.height <= TALLEST]
                count += len(clear)
                seen += len(lines)
                found += sum(any(line.shared(other) >= INSIDE for other in lines) for line in clear)
                false += sum(not any(line.shared(other) >= INSIDE for other in there) for line in lines)
    validation = {"n": count, "accuracy": found / max(count, 1), "interval_95": wilson_interval(found, count),
                  "seen": seen, "false": false}  # fmt: skip
    return {"validation": validation}


def _measured(network: LineNetwork, labelled: list[Labelled]) -> dict[str, Any]:
    confidences, hits = [], []
    with torch.inference_mode():
        for batch in batches.batches(labelled, np.random.default_rng(0)):
            output = network.calibrated(line.to_input(batch.strips, torch.device("cpu")))
            frames = line.merged(output, batch.labels, batch.loose).numpy()
            for one, label in zip(frames, batch.labels, strict=True):
                decoded = decode(one, SYMBOLS)
                hits.append(decoded is not None and decoded.text == label)
                confidences.append(np.exp(decoded.log_probability) if decoded is not None else 0.0)
    confidence, hit = np.array(confidences), np.array(hits)
    return {
        "n": len(labelled),
        "accuracy": float(hit.mean()),
        "interval_95": wilson_interval(int(hit.sum()), len(hit)),
        "ece": measures.calibration_error(confidence, hit),
        "auroc": measures.auroc(confidence, hit),
    }


def _label_loss(network: LineNetwork, labelled: list[Labelled], temperature: float) -> float:
    """Negative log-likelihood of the labels at that temperature."""
    network.temperature.fill_(temperature)
    total = 0.0
    with torch.inference_mode():
        for batch in batches.batches(labelled, np.random.default_rng(0)):
            output = network.calibrated(line.to_input(batch.strips, torch.device("cpu")))
            total += float(line.label_losses(output, batch.labels, batch.loose).clamp(max=50).sum())
    return total
