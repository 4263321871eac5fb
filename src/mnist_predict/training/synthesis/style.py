"""What the digits of one hand share: size, slant, pen, spacing, proportions."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnist_predict.training.synthesis.shapes.bank import SIDE, TALL

HEIGHT = 32  # of a strip

Maps = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True)
class Hand:
    """What a strip's digits share. Lengths in pixels of the strip."""

    height: float
    aspect: float
    slant: float
    slope: float
    radius: float  # of the pen; with `outline`, what it adds to a glyph's outline
    outline: bool
    gap: float
    spread: float  # deviation of the gap
    wobble: float  # deviation of size and place from digit to digit
    joins: float  # the share of digits that a stroke joins to the next
    bent: Maps | None  # where each pixel of a shape is taken from: proportions of this hand

    def scaled(self, by: float) -> "Hand":
        """The same hand, so much larger."""
        return replace(self, height=self.height * by, radius=self.radius * by)


def new_hand(count: int, rng: np.random.Generator) -> Hand:
    """A hand, to write so many digits."""
    height = HEIGHT * rng.uniform(0.42, 1.0)
    outline = rng.random() < 0.35
    radius = rng.normal(0, 0.3) if outline else height * np.exp(rng.uniform(np.log(0.022), np.log(0.1)))
    close = rng.random()
    gap = height * (
        rng.uniform(-0.1, 0.03) if close < 0.3 else rng.uniform(0, 0.2) if close < 0.8 else rng.uniform(0.2, 0.9)
    )
    return Hand(
        height,
        float(np.exp(rng.normal(0, 0.16))),
        float(np.clip(rng.normal(0.08, 0.22), -0.45, 0.7)),
        float(rng.normal(0, 0.03)) if count > 1 else 0.0,
        radius if outline else max(radius, 0.4),
        outline,
        gap,
        height * rng.uniform(0.02, 0.1),
        rng.uniform(0.02, 0.1),
        0.6 if rng.random() < 0.12 else 0.0,
        _bent(rng) if rng.random() < 0.7 else None,
    )


def _bent(rng: np.random.Generator) -> Maps:
    """Other proportions for a shape of the bank: a larger or smaller upper half, wider above or below, bowed stems."""
    ratio, taper = np.clip(rng.normal(0, 0.28, 2), -0.6, 0.6)
    bow = np.clip(rng.normal(0, 0.06), -0.15, 0.15)
    down = np.clip((np.arange(SIDE) - (SIDE - TALL) / 2) / TALL, 0, 1)[:, None]
    middle = SIDE / 2 + TALL * bow * (4 * down * (1 - down) - 0.5)
    # Never wider than the shape was, as its box stays what it is.
    narrower = 1 + abs(taper) / 2 + abs(bow) + taper * (down - 0.5)
    x = middle + (np.arange(SIDE) - SIDE / 2) * narrower
    y = np.broadcast_to(np.arange(SIDE)[:, None] + TALL * ratio * down * (1 - down), (SIDE, SIDE))
    return x.astype(np.float32), y.astype(np.float32)
