"""Which shapes of the bank a hand writes its digits with."""

import numpy as np
from numpy.typing import NDArray

from mnist_predict.training.synthesis.content import Line
from mnist_predict.training.synthesis.shapes.bank import Bank, Shapes


def choose(digits: Line, bank: Bank, rng: np.random.Generator) -> list[tuple[Shapes, int]]:
    """Where each digit's shape comes from; those that are printed are of one font."""
    glyphs = _by_hand("".join(sign.symbol for sign in digits), bank, rng)
    fonts = bank.printed
    if fonts is None or not any(sign.printed for sign in digits):
        return glyphs
    font = fonts.of_hand(fonts.all_hands[rng.integers(len(fonts.all_hands))])
    both = zip(digits, glyphs, strict=True)
    return [(fonts, int(font[int(sign.symbol)])) if sign.printed else glyph for sign, glyph in both]


def _by_hand(number: str, bank: Bank, rng: np.random.Generator) -> list[tuple[Shapes, int]]:
    """The shapes of a number's digits: one hand writes one digit in one way."""
    kind = rng.random()
    for share, fonts in ((0.03, bank.displays), (0.12, bank.printed), (0.23, bank.written)):
        if kind < share and fonts is not None:
            family = fonts.of_hand(fonts.all_hands[rng.integers(len(fonts.all_hands))])
            return [(fonts, int(family[int(digit)])) for digit in number]
    if bank.real is not None and rng.random() < 0.35:
        return _one_writer(number, bank.real, rng)
    strange = rng.random(10) < (0.0 if kind < 0.5 else 0.35 if kind < 0.85 else 1.0)
    own: dict[int, NDArray[np.int64]] = {}
    glyphs = []
    for digit in map(int, number):
        if strange[digit]:
            if digit not in own:
                like = bank.drawn.of_label(digit)
                own[digit] = bank.drawn.of_hand(int(bank.drawn.hands[like[rng.integers(len(like))]]))
            glyphs.append((bank.drawn, int(own[digit][rng.integers(len(own[digit]))])))
        else:
            same = bank.mnist.of_label(digit)
            glyphs.append((bank.mnist, int(same[rng.integers(len(same))])))
    return glyphs


def _one_writer(number: str, real: Shapes, rng: np.random.Generator) -> list[tuple[Shapes, int]]:
    """Digits of one writer; those that this writer did not write come from others."""
    own = real.of_hand(real.all_hands[rng.integers(len(real.all_hands))])
    glyphs = []
    for digit in map(int, number):
        like = own[real.labels[own] == digit]
        like = like if len(like) else real.of_label(digit)
        glyphs.append((real, int(like[rng.integers(len(like))])))
    return glyphs
