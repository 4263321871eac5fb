"""Picture -> ink: how much of each pixel is written on, whatever the colours, the polarity and the light."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mnist_predict.vision.light import Grey, Levels, views

MIN_CONTRAST = 16.0  # grey levels between paper and ink below which nothing counts as written
CLEAR = 0.08  # evidence from which on no better view is needed


@dataclass(frozen=True, slots=True)
class Ink:
    """`density`: (h, w) uint8, 0 paper to 255 full ink; `contrast`: grey levels (0..255) between the two;
    `evidence`: how much better paper and ink are told apart than noise, light or texture are; 0 or less is none.
    """

    density: Levels
    contrast: float
    evidence: float


def find_ink(pixels: Levels) -> Ink | None:
    """The ink in (h, w, 3) or (h, w) uint8 pixels, None where nothing stands out from the ground."""
    best: _Split | None = None
    for view, doubt in views(to_grey(pixels)):
        split = _split(view, doubt)
        if split is None:
            continue
        if best is None or (split.evidence > best.evidence and not best.clear) or split.shows_shadow(best):
            best = split
        if best.clear and not best.may_be_shadow:
            break
    if best is None or best.evidence <= 0.0 or best.contrast < MIN_CONTRAST:
        return None
    return Ink(best.density(), best.contrast, best.evidence)


def to_grey(pixels: Levels) -> Levels:
    """One channel, along which the colours of the picture differ most (their first principal component)."""
    if pixels.ndim == 2:
        return pixels
    step = max(1, int((pixels.shape[0] * pixels.shape[1] / 20_000) ** 0.5))
    sample = pixels[::step, ::step].reshape(-1, 3).astype(np.float64)
    if not np.ptp(sample, axis=1).any():  # grey, as far as it was looked at
        red = np.asarray(cv2.extractChannel(pixels, 0), np.uint8)
        if all(np.array_equal(red, cv2.extractChannel(pixels, channel)) for channel in (1, 2)):
            return red
    sample -= sample.mean(axis=0)
    axis = np.linalg.eigh(sample.T @ sample)[1][:, -1]
    axis /= np.abs(axis).sum()
    lift = -255.0 * axis[axis < 0].sum()  # keeps all levels within 0..255
    return np.asarray(cv2.transform(pixels, np.append(axis, lift)[None]), np.uint8)


def paper_level(grey: Levels) -> int:
    """The grey level of paper: the middle one of all."""
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().cumsum()
    return int(np.searchsorted(counts, counts[-1] / 2))


@dataclass(frozen=True, slots=True)
class _Split:
    """A picture cut into paper and ink at one level. `levels`: (h, w) uint8, paper below ink."""

    levels: Levels
    cut: int
    paper: float
    spread: float
    ink: float
    contrast: float
    share: float  # of the picture that is ink
    rim: float  # of its border that is ink
    evidence: float

    @property
    def clear(self) -> bool:
        """Whether it needs no better view."""
        return self.evidence > CLEAR

    @property
    def may_be_shadow(self) -> bool:
        """Whether so much of it is ink, at its border too, that it may be the dark part of the paper."""
        return min(self.share, self.rim) > 0.25

    def shows_shadow(self, other: "_Split") -> bool:
        """Whether little writing stands clear here, and what is ink in the other view is mostly none."""
        if not (other.may_be_shadow and self.clear and self.share < 0.15 and self.rim < 0.05):
            return False
        ink = other.levels > other.cut
        return int((ink & (self.levels > self.cut)).sum()) < 0.3 * int(ink.sum())

    def density(self) -> Levels:
        bottom = min(self.paper + 2.5 * self.spread, (self.paper + self.ink) / 2)
        table = np.clip((_LEVELS - bottom) / (self.ink - bottom), 0.0, 1.0)
        return np.asarray(cv2.LUT(self.levels, (255 * table).round().astype(np.uint8)), np.uint8)


def _split(view: Levels | Grey, doubt: float) -> _Split | None:
    """Paper and ink by Otsu's threshold (IEEE Trans. SMC 9(1), 1979), None where all is one level.

    The share of the variance that lies between the two classes (Otsu's eta) tells writing from what only has
    a wide histogram: it is 2/3 for one Gaussian, 3/4 for a ramp of light, near 1 for ink on paper. Less is
    asked where little is ink: the noise of all the paper outweighs it then, while what is cut from a smooth
    histogram is never little.
    """
    levels, scale = _spread_out(view)
    counts = cv2.calcHist([levels], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    if np.count_nonzero(counts) < 2:
        return None
    share = np.cumsum(counts / counts.sum())
    first = np.cumsum(_LEVELS * counts / counts.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (first[-1] * share - first) ** 2 / (share * (1.0 - share))
    between[share >= 1.0 - 1e-12] = 0.0
    between = np.nan_to_num(between)
    best = float(between.max())
    cut = int(np.flatnonzero(between == best).mean())
    eta = best / float(_LEVELS**2 @ counts / counts.sum() - first[-1] ** 2)
    light = 1.0 - float(share[cut])
    edge = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    rim = float((edge > cut).mean())
    if light + rim > 1.0:  # most of the ground and of the border: the paper
        levels, counts, cut, light, rim = 255 - levels, counts[::-1], 254 - cut, 1.0 - light, 1.0 - rim
    paper, spread, ink = _sides(counts, cut)
    needed = 0.6 + doubt + (0.18 - doubt / 2) * min(max(light - 0.05, 0.0) / 0.2, 1.0)
    return _Split(levels, cut, paper, spread, ink, (ink - paper) / scale, light, rim, eta - needed)


def _sides(counts: npt.NDArray[np.float64], cut: int) -> tuple[float, float, int]:
    """The levels of paper and how far they spread, and that of ink, on the two sides of a cut through a histogram."""
    paper, spread = _center(counts[: cut + 1])
    return paper, spread, cut + 1 + int(np.searchsorted(np.cumsum(counts[cut + 1 :]), 0.75 * counts[cut + 1 :].sum()))


_LEVELS = np.arange(256, dtype=np.float64)


def _spread_out(view: Levels | Grey) -> tuple[Levels, float]:
    """A view as 256 levels, and how many of them a grey level of the picture is."""
    if view.dtype == np.uint8:
        return np.asarray(view, np.uint8), 1.0
    low, high = float(view.min()), float(view.max())
    scale = 255.0 / max(high - low, 1.0)
    return np.asarray(cv2.convertScaleAbs(view, alpha=scale, beta=-low * scale), np.uint8), scale


def _center(counts: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Median of the paper's levels and their robust standard deviation (median absolute deviation)."""
    half = counts.sum() / 2
    median = int(np.searchsorted(np.cumsum(counts), half))
    away = np.bincount(np.abs(np.arange(len(counts)) - median), weights=counts)
    return float(median), float(np.searchsorted(np.cumsum(away), half)) / 0.6745
