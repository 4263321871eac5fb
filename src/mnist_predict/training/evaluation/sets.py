"""Sets that are measured on and drawn by the project: what is no digit, and digits in print.

Each is without end and the same for the same seed. Fonts are those held out of training (`fonts.is_held_out`), so
that what is measured there was not practised; which ones, is a matter of what is installed.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_predict.errors import UserError
from mnist_predict.training.synthesis.paper import Papers
from mnist_predict.training.synthesis.shapes import fonts
from mnist_predict.training.synthesis.shapes.doodles import FIGURES, curve

Pixels = NDArray[np.uint8]  # (h, w) grey or (h, w, 3) RGB
Random = np.random.Generator
Supply = Callable[[Random], Iterator[Pixels]]

LOOKALIKES = "BDIOQSZbgiloqsz"  # letters that many a hand writes as a digit
SEGMENTS = "DSEG"  # in the name of a font
SYMBOLS = "!?&@#%$€§*<>{}[]()~^;:+="
PHOTOGRAPHS = ("astronaut", "brick", "camera", "cat", "cell", "clock", "coffee", "coins", "colorwheel", "grass",
               "gravel", "horse", "hubble_deep_field", "immunohistochemistry", "logo", "moon", "page", "retina",
               "rocket", "text")  # fmt: skip


def non_digits(kind: str, count: int, seed: int = 1) -> list[Pixels]:
    """So many pictures of that kind of KINDS, none of which shows a digit.

    Raises UserError for a kind of OF_FONTS where every installed font was trained on.
    """
    return list(islice(KINDS[kind](np.random.default_rng((seed, list(KINDS).index(kind)))), count))


def drawable() -> list[str]:
    """The kinds that can be drawn with the fonts that are installed: all, or those that need none."""
    any_font = held_out_fonts(written=True) or held_out_fonts(written=False)
    return [kind for kind in KINDS if any_font or kind not in OF_FONTS]


def printed(each: int, segments: bool = False, seed: int = 1) -> Iterator[tuple[str, Pixels, str]]:
    """Numbers of one to six digits in print, so many of each font: the font's name, the picture, the number.

    Half are as on a screen, small and sharp; half as on a label or in a photograph. `segments`: as displays of
    segments show them.
    """
    rng = np.random.default_rng(seed)
    for path in held_out_fonts(written=False, segments=segments):
        for at in range(each):
            number = "".join(map(str, rng.integers(0, 10, rng.integers(1, 7))))
            ink = fonts.written(path, number, int(rng.integers(16, 40) if at % 2 else rng.integers(40, 140)))
            if ink is not None:
                sharp = at % 2 == 1
                yield path.stem, _on_screen(_framed(ink, rng), rng) if sharp else _on_paper(ink, rng), number


def letters(rng: Random) -> Iterator[Pixels]:
    """Letters that are like no digit, one by one."""
    return _glyphs(fonts.LETTERS, rng)


def lookalikes(rng: Random) -> Iterator[Pixels]:
    """Letters that many a hand writes as a digit: a person, too, may take them for one."""
    return _glyphs(LOOKALIKES, rng)


def symbols(rng: Random) -> Iterator[Pixels]:
    """Punctuation and signs, one by one."""
    return _glyphs(SYMBOLS, rng)


def words(rng: Random) -> Iterator[Pixels]:
    """Words of letters that are like no digit."""
    listed = _any_held_out()
    while True:
        yield _on_paper(next(fonts.words(listed, 1, rng)), rng)


def scribbles(rng: Random) -> Iterator[Pixels]:
    """Restless lines that cross themselves, and hatching."""
    while True:
        side = int(rng.integers(60, 160))
        ink = np.zeros((side, int(side * rng.uniform(1, 2.5))), np.uint8)
        pen = max(2, round(side * rng.uniform(0.02, 0.06)))
        if rng.random() < 0.7:
            points = rng.uniform(0.1, 0.9, (int(rng.integers(9, 25)), 2)) * ink.shape[::-1]
            curve(ink, points, pen)
        else:
            lean, count = rng.uniform(-0.5, 0.5), int(rng.integers(6, 14))
            for at in np.linspace(0.1, 0.9, count):
                x = (at + rng.normal(0, 0.01, 2) + (lean * 0.2, -lean * 0.2)) * ink.shape[1]
                ends = np.column_stack([x, rng.normal((0.1, 0.9), 0.04) * side])
                curve(ink, ends, pen)
            curve(ink, np.column_stack([(0.05, 0.95), rng.uniform(0.2, 0.8, 2)]) * ink.shape[::-1], pen)
        yield _on_paper(ink, rng)


def drawings(rng: Random) -> Iterator[Pixels]:
    """Small drawings as people make them: a house, a star, a fish ..."""
    names = list(FIGURES)
    while True:
        side = int(rng.integers(60, 200))
        ink = np.zeros((side, round(side * rng.uniform(0.8, 1.25))), np.uint8)
        pen = max(2, round(side * rng.uniform(0.02, 0.06)))
        for stroke in FIGURES[names[rng.integers(len(names))]]:
            wobbled = np.array(stroke) + rng.normal(0, 0.012, (len(stroke), 2))
            curve(ink, (0.08 + 0.84 * wobbled) * ink.shape[::-1], pen)
        yield _on_paper(ink, rng)


def boxes(rng: Random) -> Iterator[Pixels]:
    """Boxes of forms with nothing in them: one, a row, a comb, a table."""
    while True:
        rows, columns = (1, 1) if rng.random() < 0.3 else (int(rng.integers(1, 4)), int(rng.integers(2, 9)))
        tall, wide = int(rng.integers(24, 80)), int(rng.integers(20, 120))
        pen = int(rng.integers(1, 4))
        ink = np.zeros((rows * tall + pen + 1, columns * wide + pen + 1), np.uint8)
        comb = rng.random() < 0.25
        for row in range(rows + 1):
            if not (comb and row == 0):
                cv2.line(ink, (0, row * tall), (columns * wide, row * tall), 255, pen)
        for column in range(columns + 1):
            for row in range(rows):
                top = row * tall + (tall // 2 if comb else 0)
                cv2.line(ink, (column * wide, top), (column * wide, (row + 1) * tall), 255, pen)
        yield _on_paper(ink, rng)


def ruled(rng: Random) -> Iterator[Pixels]:
    """Ruled, squared and dotted paper with nothing on it."""
    while True:
        high, wide = (int(side) for side in rng.integers(80, 400, 2))
        ink = np.zeros((high, wide), np.uint8)
        gap, pen, kind = float(rng.uniform(8, 40)), int(rng.integers(1, 3)), int(rng.integers(3))
        lean = rng.normal(0, 0.01)
        for y in np.arange(rng.uniform(0, gap), high, gap):
            if kind == 2:
                ink[int(y), int(rng.integers(3)) :: max(4, int(gap / 2))] = 255
            else:
                cv2.line(ink, (0, int(y)), (wide, int(y + lean * wide)), 255, pen, cv2.LINE_AA)
        if kind == 1:
            for x in np.arange(rng.uniform(0, gap), wide, gap):
                cv2.line(ink, (int(x), 0), (int(x - lean * high), high), 255, pen, cv2.LINE_AA)
        yield _on_screen(ink, rng)


def textures(rng: Random) -> Iterator[Pixels]:
    """Security print, weave, dots, fibres and light: paper with nothing on it."""
    papers = _papers()
    while True:
        papers.rng = rng
        paper = papers.make(int(rng.integers(40, 200))) if rng.random() < 0.4 else papers.noise(200) * 0.3
        if rng.random() < 0.5:
            paper = paper + np.float32(rng.uniform(0.05, 0.3)) * papers.grain(paper.shape[1])
        lit = (210 - 120 * paper) * papers.light(paper.shape[1])
        scale = rng.uniform(1, 4)
        large = np.asarray(cv2.resize(lit, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR), np.float32)
        yield np.asarray(np.clip(large, 0, 255), np.uint8)


def photographs(rng: Random) -> Iterator[Pixels]:
    """The pictures that scikit-image brings along, whole and in parts, large and small."""
    import skimage.data

    while True:
        picture = np.asarray(getattr(skimage.data, PHOTOGRAPHS[rng.integers(len(PHOTOGRAPHS))])())
        if picture.dtype == bool:
            picture = picture.astype(np.uint8) * np.uint8(255)
        picture = picture[..., :3] if picture.ndim == 3 else picture
        if rng.random() < 0.6:
            side = int(min(picture.shape[:2]) * rng.uniform(0.3, 0.9))
            top, left = (int(rng.integers(0, length - side + 1)) for length in picture.shape[:2])
            picture = picture[top : top + side, left : left + side]
        scale = float(rng.uniform(48, 400)) / max(picture.shape[:2])
        yield np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


@cache
def held_out_fonts(written: bool, segments: bool = False) -> list[Path]:
    """The fonts held out of training that draw digits: hands, print, or segments."""
    found = fonts.find()
    trained = {path.stem for path in found if not fonts.is_held_out(path)}  # some are installed in two folders
    return [
        path
        for path in found
        if path.stem not in trained
        and fonts.is_written(path) == written
        and (SEGMENTS in path.name) == segments
        and fonts.has_digits(path)
    ]


KINDS: dict[str, Supply] = {
    kind.__name__: kind
    for kind in (letters, lookalikes, symbols, words, scribbles, drawings, boxes, ruled, textures, photographs)
}
OF_FONTS = ("letters", "lookalikes", "symbols", "words")


@cache
def _papers() -> Papers:
    """Textures, which take a second to make; what is cut out of them is each supply's own."""
    return Papers(32, None, np.random.default_rng(1))


def _any_held_out() -> list[Path]:
    if found := held_out_fonts(written=True) + held_out_fonts(written=False):
        return found
    raise UserError(
        "Every installed font is one that training uses. Install one that it does not: apt-get install fonts-cantarell"
    )


def _glyphs(characters: str, rng: Random) -> Iterator[Pixels]:
    listed = _any_held_out()
    while True:
        path = listed[rng.integers(len(listed))]
        character = characters[rng.integers(len(characters))]
        ink, box = (fonts.written(path, text, int(rng.integers(40, 140))) for text in (character, "\uffff"))
        if ink is not None and (box is None or ink.shape != box.shape):
            yield _on_paper(ink, rng)


def _framed(ink: Pixels, rng: Random) -> Pixels:
    tall = ink.shape[0]
    around = [(round(tall * rng.uniform(0.1, 0.8)), round(tall * rng.uniform(0.1, 0.8))) for _ in range(2)]
    return np.pad(ink, around)


def _on_screen(ink: Pixels, rng: Random) -> Pixels:
    """Ink in one colour on even ground of another, dark on light or light on dark."""
    dark, light = rng.uniform(0, 90, 3), rng.uniform(165, 255, 3)
    paper, pen = (dark, light) if rng.random() < 0.25 else (light, dark)
    share = ink[..., None] / 255
    return np.asarray(paper + share * (pen - paper), np.uint8)


def _on_paper(ink: Pixels, rng: Random) -> Pixels:
    """Ink with room around it as a camera gives it: soft, grainy, in uneven light."""
    seen = _on_screen(_framed(ink, rng), rng).astype(np.float32)
    h, w = seen.shape[:2]
    if rng.random() < 0.6:
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), float(rng.uniform(0.3, 0.012 * h + 0.4))), np.float32)
    if rng.random() < 0.5:
        seen *= np.linspace(1, rng.uniform(0.7, 1), w, dtype=np.float32)[None, :, None]
    if rng.random() < 0.5:
        seen += rng.normal(0, rng.uniform(1, 7), (h, w, 1)).astype(np.float32)
    return np.asarray(np.clip(seen, 0, 255), np.uint8)
