"""Confidence intervals of shares."""

import math

_Z = 1.959964  # of the normal distribution: 95 of 100 such intervals hold the true share


def wilson_interval(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of the share `hits / trials`, with at least one trial (E. Wilson, JASA 1927).

    It holds for few trials and near 0 and 1, too.
    """
    share, square = hits / trials, _Z * _Z / trials
    middle = (share + square / 2) / (1 + square)
    half = _Z / (1 + square) * math.sqrt(share * (1 - share) / trials + square / trials / 4)
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))
