"""Digits and words of the fonts that are installed: print, and the few hands that are fonts.

Training uses whatever fonts it finds. The shipped weights saw those of the Debian packages that
docs/method.md names.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mnist_predict.training.synthesis.shapes.bank import SIDE, TALL
from mnist_predict.vision.read.classifier import Classifier
from mnist_predict.vision.read.normalize import normalize

FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("/Library/Fonts"))
WRITTEN = ("bwht", "breip", "dkg", "femkeklaver", "humor", "kristi", "kiloji", "klee", "pecita", "rufscript", "sjfonts",
           "penscript", "yoz", "seto", "yusei", "ecolier", "dancing", "kaushan", "comic", "tomson",
           "@fontsource")  # fmt: skip
LETTERS = "acdefhjkmnprtuvwxyACEFGHJKLMNPRTUVWXY"  # none that could be a digit
TEXT = "eeeeeetttttaaaaaoooooiiiiinnnnsssshhhrrrrddlllcccuummwffggyypbbvkkjxqzz"  # letters as often as words have them
DOUBTFUL = 0.7, 0.4  # of the letters of a word, small or capital, that may be like digits: the others tell
SIGNS = (
    "!?&@#%€£§<>{}[]^;+=~*¿¡¥©®±×÷√≠≤≥←↑→↓★☆♥♦♣♠✓✗☺«»†‡¶ÄÉÑÖÜàâêñçßΔΣΩΨΦΓΛΠαγηκλμνπρτφχψωЖДЙЛФЦШЩЪЮЯжцшщюя"  # neither
)
LEGIBLE = 8  # digits of ten that the digit network must know: many a font draws no digits, or ornaments
SOLID = 110  # grey level from which a pixel is ink

Mask = NDArray[np.uint8]


class Words(NamedTuple):
    """What stands beside numbers and is none, as masks (24, w) of 0 to 255.

    `letters`: words of letters that are like no digit, and signs; no piece of them is a digit. `texts`: words as people
    write them.
    """

    letters: list[Mask]
    texts: list[Mask]

    def draw(self, rng: np.random.Generator) -> Mask:
        """One of either."""
        among = self.letters if rng.random() < 0.5 else self.texts
        return among[int(rng.integers(len(among)))]


def find() -> list[Path]:
    """The font files installed; of a large family, that is a folder, a dozen."""
    families: dict[Path, list[Path]] = {}
    for folder in FOLDERS:
        # The packages of @fontsource have a file for each alphabet, weight and slope.
        for path in sorted([*folder.rglob("*.[to]tf"), *folder.rglob("*-latin-400-normal.woff2")]):
            families.setdefault(path.parent, []).append(path)
    return [path for _, family in sorted(families.items()) for path in family[:: -(-len(family) // 12)]]


def is_held_out(path: Path) -> bool:
    """Whether that font is kept for validation: the families of every sixth folder."""
    family = path.parents[1] if path.parent.name == "files" else path.parent
    return zlib.crc32(family.name.encode()) % 6 == 0


def is_written(path: Path) -> bool:
    """Whether that font imitates handwriting."""
    return any(word in str(path).lower().replace(" ", "") for word in WRITTEN)


def digits(path: Path, classifier: Classifier) -> list[Mask]:
    """The ten digits of a font as masks (h, w) of 0 and 1; none if it is not legible."""
    font = _opened(path)
    if font is None:
        return []
    masks = [mask for digit in range(10) if (mask := _mask(font, str(digit))) is not None]
    if len(masks) < 10:
        return []
    known = classifier.probabilities(np.stack([normalize(mask * np.uint8(255)) for mask in masks])).argmax(1)
    if (known == np.arange(10)).sum() < LEGIBLE:
        return []
    tallest = max(mask.shape[0] for mask in masks)
    return [_scaled(mask, TALL / tallest) for mask in masks]


def marks(path: Path, symbols: Sequence[str]) -> Iterator[tuple[Mask, int]]:
    """The marks that a font has, as masks (84, w) in whose middle 60 rows its digits stand, and which each is."""
    font = _opened(path)
    box = font.getbbox("0") if font is not None else (0, 0, 0, 0)
    high = box[3] - box[1]
    if font is None or high < 1:
        return
    scale = TALL / high
    room = (SIDE - TALL) / 2 / scale
    lacking = _mask(font, "\uffff")
    for index, symbol in enumerate(symbols):
        mask = _mask(font, symbol)
        if mask is None or (lacking is not None and np.array_equal(mask, lacking)):
            continue
        left, _, right, _ = font.getbbox(symbol)
        image = Image.new("L", (int(right - left) + 4, round(SIDE / scale)))
        ImageDraw.Draw(image).text((2 - left, room - box[1]), symbol, 255, font)
        wide = max(2, round(image.width * scale))
        drawn = cv2.resize(np.asarray(image, np.uint8), (wide, SIDE), interpolation=cv2.INTER_AREA) > SOLID
        if wide <= SIDE and drawn.any():
            yield drawn.astype(np.uint8), index


def make_words(paths: list[Path], count: int, rng: np.random.Generator) -> Words:
    """So many words of letters, half as many signs, and so many texts."""
    letters = [*words(paths, count, rng), *signs(paths, count // 2, rng)]
    return Words(letters, list(words(paths, count, rng, _text)))


def _letters(rng: np.random.Generator) -> str:
    """Letters that are like no digit."""
    return "".join(rng.choice(list(LETTERS), rng.integers(1, 10)))


def words(
    paths: list[Path], count: int, rng: np.random.Generator, spell: Callable[[np.random.Generator], str] = _letters
) -> Iterator[Mask]:
    """So many words, of letters that are no digits unless they are spelled otherwise, as masks (24, w) of 0 to 255."""
    while count:
        font = _opened(paths[rng.integers(len(paths))])
        text = spell(rng)
        if font is None or (mask := _mask(font, text)) is None or mask.shape[1] > 20 * mask.shape[0]:
            continue
        yield _lined(mask)
        count -= 1


def _text(rng: np.random.Generator) -> str:
    """Three letters and more: small, capital, or small behind a capital; a colon, a point or a comma behind some."""
    while True:
        text = "".join(rng.choice(list(TEXT), rng.integers(3, 12)))
        kind = rng.random()
        text = text if kind < 0.4 else text.capitalize() if kind < 0.75 else text.upper()
        if sum(letter not in LETTERS for letter in text) <= DOUBTFUL[text.isupper()] * len(text):
            return text + ("" if rng.random() < 0.8 else ":.,"[int(rng.integers(3))])


def signs(paths: list[Path], count: int, rng: np.random.Generator) -> Iterator[Mask]:
    """So many signs that are no digits, one by one, as `words` gives words."""
    while count:
        font = _opened(paths[rng.integers(len(paths))])
        mask = None if font is None else _mask(font, SIGNS[rng.integers(len(SIGNS))])
        if font is None or mask is None or mask.shape[1] > 4 * mask.shape[0]:
            continue
        box = _mask(font, "\uffff")  # what a font draws for signs that it lacks
        if box is None or not np.array_equal(mask, box):
            yield _lined(mask)
            count -= 1


def written(path: Path, text: str, size: int) -> Mask | None:
    """The text as a screen shows it at that size: ink (h, w) of 0 to 255, cropped; None where there are no glyphs."""
    font = _opened(path, size)
    return None if font is None else _ink(font, text)


def has_digits(path: Path) -> bool:
    """Whether that font draws ten different digits; one that lacks them draws the same box for each."""
    drawn = [written(path, str(digit), 32) for digit in range(10)]
    return len({(ink.shape, ink.tobytes()) for ink in drawn if ink is not None}) == 10


def _opened(path: Path, size: int = 96) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(str(path), size)
    except (OSError, ValueError):
        return None


def _ink(font: ImageFont.FreeTypeFont, text: str) -> Mask | None:
    """The text as ink (h, w) of 0 to 255, cropped; None where the font has no glyphs for it."""
    try:
        left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
        if not (0 < right - left < 2000 and 0 < bottom - top < 300):
            return None
        image = Image.new("L", (right - left + 4, bottom - top + 4))
        ImageDraw.Draw(image).text((2 - left, 2 - top), text, 255, font)
    except (OSError, ValueError):
        return None
    pixels = np.asarray(image, np.uint8)
    x, y, w, h = cv2.boundingRect((pixels > SOLID).astype(np.uint8))
    return pixels[y : y + h, x : x + w] if w and h else None


def _mask(font: ImageFont.FreeTypeFont, text: str) -> Mask | None:
    """The same as a mask of 0 and 1."""
    ink = _ink(font, text)
    return None if ink is None else (ink > SOLID).astype(np.uint8)


def _lined(mask: Mask) -> Mask:
    size = (max(4, round(24 * mask.shape[1] / mask.shape[0])), 24)
    return np.asarray(cv2.resize(mask * np.uint8(255), size, interpolation=cv2.INTER_AREA), np.uint8)


def _scaled(mask: Mask, scale: float) -> Mask:
    h, w = mask.shape
    size = (min(max(2, round(w * scale)), SIDE - 8), min(max(2, round(h * scale)), SIDE - 8))
    return (cv2.resize(mask * np.uint8(255), size, interpolation=cv2.INTER_AREA) > SOLID).astype(np.uint8)
