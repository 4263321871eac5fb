"""Pixels -> ink: how much of each pixel is written on, whatever the colours and the polarity."""

import cv2
import numpy as np
import numpy.typing as npt

LEAST_CONTRAST = 16.0  # grey levels between paper and ink below which nothing counts as written
APART = 0.6  # share of the variance that lies between paper and ink, where little is ink ...
BROAD_APART = 0.78  # ... and where a quarter or more is

Levels = npt.NDArray[np.uint8]

_LEVELS = np.arange(256, dtype=np.float64)


def find_ink(grey: Levels) -> Levels | None:
    """The ink in grey levels (h, w): (h, w) uint8, 0 paper to 255 full ink; None where nothing stands out.

    Paper and ink are parted by Otsu's threshold (IEEE Trans. SMC 9(1), 1979). The share of the variance that lies
    between the two classes (Otsu's eta) tells writing from what only has a wide histogram: it is 2/3 for one Gaussian,
    3/4 for a ramp of light, near 1 for ink on paper. Less is asked where little is ink: the noise of all the paper
    outweighs it then, while what is cut from a smooth histogram is never little.
    """
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    if np.count_nonzero(counts) < 2:
        return None
    part = counts / grey.size
    share, first = np.cumsum(part), np.cumsum(_LEVELS * part)
    within = share * (1.0 - share)
    distance = (first[-1] * share - first) ** 2
    between = np.divide(distance, within, out=np.zeros_like(within), where=within > 1e-12)
    best = float(between.max())
    cut = int(np.flatnonzero(between == best).mean())
    eta = best / float(_LEVELS**2 @ part - first[-1] ** 2)
    light = 1.0 - float(share[cut])
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if light + float((edge > cut).mean()) > 1.0:  # most of the ground and of the border: the paper
        grey, counts, cut, light = 255 - grey, counts[::-1], 254 - cut, 1.0 - light
    if eta <= APART + (BROAD_APART - APART) * min(max(light - 0.05, 0.0) / 0.2, 1.0):
        return None
    paper, spread = _center(counts[: cut + 1])
    ink = cut + 1 + int(np.searchsorted(np.cumsum(counts[cut + 1 :]), 0.75 * counts[cut + 1 :].sum()))
    if ink - paper < LEAST_CONTRAST:
        return None
    bottom = min(paper + 2.5 * spread, (paper + ink) / 2)
    table = np.clip((_LEVELS - bottom) / (ink - bottom), 0.0, 1.0)
    return np.asarray(cv2.LUT(grey, (255 * table).round().astype(np.uint8)), np.uint8)


def to_grey(pixels: Levels) -> Levels:
    """One channel (h, w) of (h, w, 3) or (h, w) uint8 pixels, along which the colours of the picture differ most (their
    first principal component)."""
    if pixels.ndim == 2:
        return pixels
    step = max(1, int((pixels.shape[0] * pixels.shape[1] / 20_000) ** 0.5))
    levels = pixels[::step, ::step].reshape(-1, 3)
    if not (levels[:, 1:] != levels[:, :1]).any():  # grey, as far as it was looked at
        red = np.asarray(cv2.extractChannel(pixels, 0), np.uint8)
        if all(np.array_equal(red, cv2.extractChannel(pixels, channel)) for channel in (1, 2)):
            return red
    sample = levels.astype(np.float64)
    sample -= sample.mean(axis=0)
    axis = np.linalg.eigh(sample.T @ sample)[1][:, -1]
    axis /= np.copysign(np.abs(axis).sum(), axis.sum())  # what is dark stays dark
    lift = -255.0 * axis[axis < 0].sum()  # keeps all levels within 0..255
    return np.asarray(cv2.transform(pixels, np.append(axis, lift)[None]), np.uint8)


def paper_level(grey: Levels) -> int:
    """The grey level of paper: the middle one of all."""
    return middle_level(grey) or 0


def middle_level(grey: Levels, among: npt.NDArray[np.bool_] | None = None) -> int | None:
    """The middle one of all grey levels (h, w), or of those `among` them; None of none."""
    mask = None if among is None else among.view(np.uint8)
    counts = cv2.calcHist([grey], [0], mask, [256], [0, 256]).ravel().cumsum()
    return int(np.searchsorted(counts, counts[-1] / 2)) if counts[-1] else None


def _center(counts: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Median of the paper's levels and their robust standard deviation (median absolute deviation)."""
    half = counts.sum() / 2
    median = int(np.searchsorted(np.cumsum(counts), half))
    away = np.bincount(np.abs(np.arange(len(counts)) - median), weights=counts)
    return float(median), float(np.searchsorted(np.cumsum(away), half)) / 0.6745
