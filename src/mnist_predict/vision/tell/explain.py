"""The picture with what was read drawn on it, and the strip that the network got: for people who want to see why a
number came out."""

from io import BytesIO
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from mnist_predict.reading import Reading, next_best
from mnist_predict.vision.load.picture import decode
from mnist_predict.vision.load.raster import Picture
from mnist_predict.vision.read.strip import strip_box, strip_of

SHORTEST, LONGEST = 480, 1600  # of the drawn picture's longer side, in pixels
PAPER, TEXT, EDGE = "#ffffff", "#1f2933", "#cbd2d9"
SURE, DOUBTFUL, UNSURE = "#0b7a4b", "#b45f06", "#b3261e"


def draw(data: bytes, reading: Reading) -> bytes:
    """A PNG of the picture in `data` with the boxes, digits and confidences of its reading; of several pages, the one
    with the primary number.

    Small pictures are enlarged so that the writing on them is legible. Raises what `picture.decode` raises.
    """
    picture = decode(data, reading.page)
    width, height = picture.size
    scale = min(max(1.0, SHORTEST / max(width, height)), LONGEST / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    way = Image.Resampling.NEAREST if scale > 2 else Image.Resampling.LANCZOS
    shown = Image.fromarray(picture.pixels).convert("RGB").resize(size, way)
    unit = max(14, max(shown.size) // 45)  # height of the letters; all else follows
    font, headline = ImageFont.load_default(unit), ImageFont.load_default(2 * unit)
    title, lines = _words(reading)
    wanted = [headline.getlength(title), *(font.getlength(line) for line in lines)]
    strip = _strip(picture, reading, 5 * unit, LONGEST)
    left, top = 2 * unit, 4 * unit
    below = top + shown.height + unit
    words_from = below + (strip.height + unit if strip else 0)
    page = Image.new(
        "RGB",
        (
            max(shown.width, strip.width if strip else 0, round(max(wanted))) + 2 * left,
            words_from + 2 * unit + round(1.5 * unit * len(lines)),
        ),
        PAPER,
    )
    page.paste(shown, (left, top))
    pen = ImageDraw.Draw(page)
    pen.rectangle((left - 1, top - 1, left + shown.width, top + shown.height), outline=EDGE)
    if strip:
        page.paste(strip, (left, below))
        pen.rectangle((left - 1, below - 1, left + strip.width, below + strip.height), outline=EDGE)
    pen.text((left, unit // 2), title, TEXT, headline)
    for at, line in enumerate(lines):
        pen.text((left, words_from + round(1.5 * unit * at)), line, TEXT, font)
    for number in (number for number in reading.numbers if number.page == reading.page):
        for digit in number.digits:
            x, y, w, h = (value * scale for value in digit.box)
            sure = max(digit.probabilities)
            colour = _colour(sure)
            corner = (left + x, top + y, left + x + w, top + y + h)
            pen.rounded_rectangle(corner, unit // 4, outline=colour, width=max(2, unit // 7))
            label = f"{digit.value} {_percent(sure)}" if w > 3.5 * unit else str(digit.value)
            room = font.getlength(label) + unit / 2
            chip = (corner[0], corner[1] - 1.3 * unit, corner[0] + room, corner[1])
            pen.rounded_rectangle(chip, unit // 4, fill=colour)
            pen.text((chip[0] + unit / 4, chip[1] + 0.1 * unit), label, PAPER, font)
    out = BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


def _strip(picture: Picture, reading: Reading, height: int, longest: int) -> Image.Image | None:
    """The strip of the primary number, enlarged, with lines between its digits."""
    number = reading.primary_number
    if number is None:
        return None
    strip = Image.fromarray(strip_of(picture, number)).convert("RGB")
    scale = min(height / strip.height, longest / strip.width)
    size = max(1, round(strip.width * scale)), max(1, round(strip.height * scale))
    shown = strip.resize(size, Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(shown)
    shown_box = strip_box(number.box, picture.size)
    for one, other in pairwise(() if number.turned else number.digits):
        x = ((one.box.right + other.box.x) / 2 - shown_box.x) / shown_box.w * shown.width
        pen.line((x, 0, x, shown.height), DOUBTFUL, 2)
    return shown


def _words(reading: Reading) -> tuple[str, list[str]]:
    """The headline, and the lines below the picture."""
    lines = list(reading.advice)
    for number in reading.numbers:
        digits = "   ".join(f"{d.value} {_percent(max(d.probabilities))}" for d in number.digits[:12])
        other = next_best(number)
        line = f"{number.written} ({_percent(number.confidence)}):   {digits}"
        lines.append(f"{line}   else {other}" if other else line)
    lines.append(f"Model {reading.model_version}")
    return reading.written or "No number", lines


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share < 0.995 else f"{min(99.9, 100 * share):.1f} %"


def _colour(confidence: float) -> str:
    if confidence >= 0.9:
        return SURE
    return DOUBTFUL if confidence >= 0.6 else UNSURE
