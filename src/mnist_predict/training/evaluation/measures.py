"""How good a reader is: figures from confidences and hits, nothing of models or pictures."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Hits = NDArray[np.bool_]


def calibration_error(confidence: Floats, hit: Hits, bins: int = 15) -> float:
    """Mean distance of confidence and accuracy over `bins` bins of equal mass (Nixon et al. 2019)."""
    parts = reliability(confidence, hit, bins)
    return float(sum(abs(claimed - right) * count for claimed, right, count in parts) / len(confidence))


def chance_error(confidence: Floats) -> float:
    """The calibration error that so many pictures show by chance where confidences are exactly right: the mean of a
    hundred draws of what is right."""
    rng = np.random.default_rng(1)
    drawn = (rng.random(len(confidence)) < confidence for _ in range(100))
    return float(np.mean([calibration_error(confidence, hit) for hit in drawn]))


def reliability(confidence: Floats, hit: Hits, bins: int = 15) -> list[tuple[float, float, int]]:
    """Mean confidence, accuracy and count of each of `bins` bins of equal mass, the least sure first."""
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    return [(float(confidence[p].mean()), float(hit[p].mean()), len(p)) for p in parts]


def risk_coverage(confidence: Floats, hit: Hits, points: int = 20) -> list[tuple[float, float]]:
    """The share that is answered, the surest first, and the error among them (El-Yaniv and Wiener 2010)."""
    right = hit[np.argsort(-confidence, kind="stable")]
    counts = [max(1, round(len(right) * point / points)) for point in range(1, points + 1)]
    return [(count / len(right), float(1 - right[:count].mean())) for count in counts]


def error_at_coverage(coverage: float, confidence: Floats, hit: Hits) -> float:
    """The error among the surest so large a share."""
    right = hit[np.argsort(-confidence, kind="stable")]
    return float(1 - right[: max(1, round(coverage * len(right)))].mean())


def auroc(confidence: Floats, hit: Hits) -> float | None:
    """AUROC: the chance that a right answer is surer than a wrong one; None where either is lacking."""
    right, wrong = np.sort(confidence[hit]), confidence[~hit]
    if not len(right) or not len(wrong):
        return None
    above = len(right) - np.searchsorted(right, wrong, "right")
    equal = np.searchsorted(right, wrong, "right") - np.searchsorted(right, wrong, "left")
    return float((above + equal / 2).mean() / len(right))


def nll(probability: Floats) -> float:
    """Mean negative log-likelihood, in nats, of what the right answers were given; 1e-6 at least."""
    return float(-np.log(np.maximum(probability, 1e-6)).mean())


def confusion(labels: NDArray[np.integer], read: NDArray[np.integer]) -> NDArray[np.int64]:
    """Counts `[10, 10]`: row the label, column what was read."""
    return np.bincount(labels.astype(np.int64) * 10 + read, minlength=100).reshape(10, 10)


def edit_distance(one: str, other: str) -> int:
    """How many digits must be put in, left out or changed to make one number the other (Levenshtein 1966)."""
    row = list(range(len(other) + 1))
    for i, mine in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, theirs in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (mine != theirs))
    return row[-1]
