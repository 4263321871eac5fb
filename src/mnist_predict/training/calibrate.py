"""Makes confidences mean what they say, and measures the network alone, digit by digit."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mnist_predict.training import dataset, measures
from mnist_predict.training.network import Network
from mnist_predict.training.train import logits


def fit_temperature(network: Network, output: Tensor, labels: Tensor) -> None:
    """Set the one temperature that makes held-out labels likeliest (Guo et al. 2017).

    `output` logits `[N, 10]`, `labels` `[N]`. The loss is convex in 1/T, so a fine grid finds it.
    """
    choices = torch.exp(torch.linspace(-2, 2, 401))
    losses = [float(torch.nn.functional.cross_entropy(output / t, labels)) for t in choices]
    network.temperature.fill_(choices[int(np.argmin(losses))])


def measure(network: Network, data: Path) -> dict[str, Any]:
    """Fit the temperature on the held-out pictures, then the figures of both parts; the test set decides nothing."""
    network = network.cpu()
    report: dict[str, Any] = {}
    pictures, labels = dataset.load(data, "train")
    held_out = dataset.split(len(pictures))[1]
    parts = {"validation": (pictures[held_out], labels[held_out]), "test": dataset.load(data, "t10k")}
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
            "interval_95": measures.interval(int(hit.sum()), len(hit)),
            "nll": measures.likelihood_loss(probabilities[np.arange(len(labels)), labels]),
            "ece": measures.calibration_error(confidence, hit),
            "auroc": measures.separation(confidence, hit),
            "confusion": measures.confusion(labels, read).tolist(),
        }
    return {"temperature": float(network.temperature), **report}
