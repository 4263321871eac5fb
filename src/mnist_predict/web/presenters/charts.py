"""Charts as SVG: bars, lines, an interval, a matrix of counts. No scripts, no styles but classes.

Horizontal positions are percentages and everything else is in pixels, so that a chart fits a phone and a desktop
without scaling its text.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

HEIGHT = 180  # of a plot, in pixels
_TOP, _FOOT = 18, 24  # room for the words on the highest line, and for those below the axis
_CELL = 30  # height of a row of a square of counts
_MOST_DOTS = 60  # points of a line that have a dot each

Words = Callable[[float], str]
Share = tuple[float, float, float]  # measured, and the bounds of its interval


@dataclass(frozen=True, slots=True)
class Bar:
    """A stacked bar: its parts from the bottom up, its label on the axis, and its tooltip."""

    parts: tuple[float, ...]
    label: str
    words: str
    link: str | None = None  # where a press leads


def bars(name: str, title: str, about: str, columns: Sequence[Bar]) -> Markup:
    """A bar chart of counts; the parts of a bar have the classes `part0`, `part1`, ..."""
    top = _round_up(max((sum(bar.parts) for bar in columns), default=0))
    width = 100 / max(1, len(columns))
    gap = width * 0.2 if len(columns) <= 100 else 0
    drawn = [_grid([0, top / 2, top] if top >= 2 else [0, top], 0, top, compact)]
    for at, bar in enumerate(columns):
        below = 0.0
        pieces = []
        for part, value in enumerate(bar.parts):
            y, end = _y(below + value, 0, top), _y(below, 0, top)
            pieces.append(
                f'<rect class="part{part}" x="{at * width + gap / 2:.3f}%" width="{width - gap:.3f}%" '
                f'y="{y:.1f}" height="{max(0.0, end - y):.1f}"/>'
            )
            below += value
        if bar.link:  # all of its height can be pressed
            place = f'x="{at * width:.3f}%" width="{width:.3f}%" y="{_TOP}" height="{HEIGHT - _FOOT - _TOP}"'
            pieces.append(f'<rect class="press" {place}/>')
        drawn.append(_linked(f"<g>{''.join(pieces)}<title>{escape(bar.words)}</title></g>", bar.link))
    middles = [(at * width + width / 2, bar.label) for at, bar in enumerate(columns)]
    return _figure(name, title, about, HEIGHT, [*drawn, _ticks(middles)])


def line(name: str, title: str, about: str, points: Sequence[tuple[str, float | None]], words: Words) -> Markup:
    """A line chart of labelled values over time; None leaves a gap."""
    known = [value for _, value in points if value is not None]
    low, high = _around(known)
    places = [(100 * (at + 0.5) / len(points), label, value) for at, (label, value) in enumerate(points)]
    drawn = [_grid([low, high], low, high, words)]
    for (x, _, value), (next_x, _, following) in pairwise(places):
        if value is not None and following is not None:
            ends = f'y1="{_y(value, low, high):.1f}" y2="{_y(following, low, high):.1f}"'
            drawn.append(f'<line class="curve" x1="{x:.3f}%" x2="{next_x:.3f}%" {ends}/>')
    size = 3 if len(points) <= _MOST_DOTS else 1.5
    for x, label, value in places:
        if value is not None:
            said = escape(f"{label}: {words(value)}")
            at = f'cx="{x:.3f}%" cy="{_y(value, low, high):.1f}"'
            drawn.append(f'<circle class="dot" {at} r="{size}"><title>{said}</title></circle>')
    return _figure(name, title, about, HEIGHT, [*drawn, _ticks([(x, label) for x, label, _ in places])])


def interval(name: str, title: str, about: str, share: float, low: float, high: float) -> Markup:
    """A share from 0 to 1 as a dot and its interval as a bar, on a scale that ends at 1."""
    start = next(start for start in (0.95, 0.9, 0.8, 0.5, 0.0) if start <= low)

    def x(value: float) -> float:
        return 2 + 96 * (value - start) / (1 - start)

    scale = [start + (1 - start) * step / 5 for step in range(6)]
    drawn = [
        f'<line class="grid" x1="{x(value):.3f}%" x2="{x(value):.3f}%" y1="4" y2="40"/>'
        f'<text x="{x(value):.3f}%" y="58" text-anchor="{_anchor(x(value), 5)}">{100 * value:.4g} %</text>'
        for value in scale
    ]
    drawn.append(f'<rect class="between" x="{x(low):.3f}%" width="{x(high) - x(low):.3f}%" y="15" height="14" rx="7"/>')
    drawn.append(f'<circle class="dot" cx="{x(share):.3f}%" cy="22" r="7"/>')
    return _figure(name, title, about, 64, drawn)


def reliability(name: str, title: str, about: str, points: Sequence[tuple[float, Share, int]]) -> Markup:
    """What confidences turn out to be worth: (confidence, accuracy, how many), beside the line where both are equal.

    The bar through a dot is the interval of its accuracy.
    """
    drawn = [_grid([0, 0.5, 1], 0, 1, lambda share: f"{100 * share:.0f} %")]
    drawn.append(f'<line class="honest" x1="0%" x2="100%" y1="{_y(0, 0, 1):.1f}" y2="{_y(1, 0, 1):.1f}"/>')
    for sure, (right, low, high), count in points:
        words = f"{100 * sure:.0f} % sure: {100 * right:.0f} % right ({100 * low:.0f} to {100 * high:.0f} %) of {count}"
        x, ends = f"{100 * sure:.3f}%", f'y1="{_y(low, 0, 1):.1f}" y2="{_y(high, 0, 1):.1f}"'
        bar = f'<line class="within" x1="{x}" x2="{x}" {ends}/>'
        dot = f'<circle class="dot" cx="{x}" cy="{_y(right, 0, 1):.1f}" r="4"/>'
        drawn.append(f"<g>{bar}{dot}<title>{escape(words)}</title></g>")
    ticks = [(2.0, "0 % sure"), (50.0, "50 %"), (98.0, "100 %")]
    return _figure(name, title, about, HEIGHT, [*drawn, _ticks(ticks)])


def square(
    name: str,
    title: str,
    about: str,
    counts: Sequence[Sequence[int]],
    link: Callable[[int, int], str] = lambda _row, _column: "",
) -> Markup:
    """A confusion matrix: darker for higher counts; the diagonal has a class of its own.

    `link`: where a count beside the diagonal leads, by its row and column.
    """
    size = len(counts)
    most = [
        max((count for at, row in enumerate(counts) for to, count in enumerate(row) if (at == to) == agrees), default=0)
        for agrees in (False, True)
    ]
    width = 100 / (size + 1)
    drawn = []
    for at, row in enumerate(counts):
        middle = (at + 1.5) * _CELL + 5
        drawn.append(f'<text class="head" x="{width / 2:.3f}%" y="{middle:.0f}" text-anchor="middle">{at}</text>')
        drawn.append(f'<text class="head" x="{(at + 1.5) * width:.3f}%" y="20" text-anchor="middle">{at}</text>')
        for to, count in enumerate(row):
            place = f'x="{(to + 1) * width:.3f}%" y="{(at + 1) * _CELL}" width="{width:.3f}%" height="{_CELL}"'
            kind = "agrees" if at == to else "differs"
            shade = 0.12 + 0.33 * math.sqrt(count / most[at == to]) if count else 0
            cell = f'<rect class="{kind}" {place} fill-opacity="{shade:.2f}"/>'
            if count:
                x = (to + 1.5) * width
                cell += f'<text x="{x:.3f}%" y="{middle:.0f}" text-anchor="middle">{compact(count)}</text>'
            drawn.append(_linked(cell, link(at, to) if count and at != to else None))
    return _figure(name, title, about, (size + 1) * _CELL + 2, drawn)


def compact(count: float) -> str:
    """A count in at most five characters or so: 950, 1.2k, 35k, 4.1M."""
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(count) >= size:
            return (
                f"{count / size:.1f}".rstrip("0").rstrip(".") + unit
                if count < 10 * size
                else f"{count / size:.0f}{unit}"
            )
    return f"{count:.4g}"


def _linked(drawn: str, link: str | None) -> str:
    """Something that leads somewhere when it is pressed. With the keyboard one gets there from the table."""
    return f'<a href="{escape(link)}" tabindex="-1">{drawn}</a>' if link else drawn


def _figure(name: str, title: str, about: str, height: int, drawn: Sequence[str]) -> Markup:
    head = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-about">{escape(about)}</desc>'
    role = "figure" if any("<a " in each for each in drawn) else "img"  # an image has no links
    return Markup(  # noqa: S704 (every text in it was escaped)
        f'<svg class="chart" width="100%" height="{height}" role="{role}" '
        f'aria-labelledby="{name}-title" aria-describedby="{name}-about">{head}{"".join(drawn)}</svg>'
    )


def _grid(values: Sequence[float], low: float, high: float, words: Words) -> str:
    lines = []
    for value in values:
        y = _y(value, low, high)
        lines.append(f'<line class="grid" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text x="0" y="{y - 4:.1f}">{escape(words(value))}</text>')
    return "".join(lines)


def _ticks(middles: Sequence[tuple[float, str]]) -> str:
    """The labels of the first, the middle and the last point: a phone has no room for more."""
    shown = sorted({0, len(middles) // 2, len(middles) - 1}) if len(middles) > 2 else range(len(middles))
    return "".join(
        f'<text x="{x:.3f}%" y="{HEIGHT - 6}" text-anchor="{_anchor(x, 12)}">{escape(label)}</text>'
        for x, label in (middles[at] for at in shown)
    )


def _anchor(x: float, margin: float) -> str:
    if x < margin:
        return "start"
    return "end" if x > 100 - margin else "middle"


def _y(value: float, low: float, high: float) -> float:
    share = (value - low) / (high - low) if high > low else 0.0
    return HEIGHT - _FOOT - share * (HEIGHT - _FOOT - _TOP)


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 10, 20, 40, ...: half of it is a round number, too."""
    if value <= 1:
        return 1.0
    size = 10.0 ** math.floor(math.log10(value))
    return next(step * size for step in (1, 2, 4, 10) if value <= step * size)


def _around(values: Sequence[float]) -> tuple[float, float]:
    """A scale with some room around all values, wide enough not to magnify tiny changes."""
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    room = max((high - low) * 0.15, abs(high) * 0.05, 0.005)
    return max(0.0, low - room) if low >= 0 else low - room, high + room
