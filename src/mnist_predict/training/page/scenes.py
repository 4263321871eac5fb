"""What stands on a sheet: a number that fills it, numbers here and there, tables and forms; and what is no number."""

from itertools import pairwise

import cv2
import numpy as np

from mnist_predict.training.page import scenery
from mnist_predict.training.page.sheet import HIGH, SEEN, Sheet
from mnist_predict.training.synthesis.blanks import blank
from mnist_predict.training.synthesis.content import Line, Sign
from mnist_predict.training.synthesis.style import HEIGHT
from mnist_predict.training.synthesis.writing import Trace


def one(sheet: Sheet) -> None:
    """One number, that fills the page or a good part of it; at times in the remains of a box."""
    rng = sheet.rng
    h, w = sheet.page.shape
    trace = sheet.trace(_lone(sheet) if w < 1.7 * h else None)
    if trace is None:
        return
    rows, columns = trace.field.shape
    scale = min(rng.uniform(0.25, 1.05) * h / rows, rng.uniform(0.6, 1.02) * w / columns)
    if rng.random() < 0.8:  # else it is too near to be seen in this size of the page
        scale = min(scale, rng.uniform(0.5, 1) * HIGH / trace.hand.height)
    sheet.unit = scale * trace.hand.height
    room = np.maximum((w - columns * scale, h - rows * scale), 0) / 2 * rng.uniform(-1, 1, 2) * rng.random()
    if rng.random() < 0.4:
        inset = rng.uniform(-0.02, 0.12, 4) * sheet.unit
        scenery.box(sheet.page, inset[0], inset[1], w - inset[2], h - inset[3], rng)
    if sheet.put(trace, scale, w / 2 + room[0], h / 2 + room[1]) and rng.random() < 0.1:
        sheet.ring(w / 2 + room[0], h / 2 + room[1], columns * scale, rows * scale)


def few(sheet: Sheet) -> None:
    """Numbers here and there, or in a column, with words beside some of them."""
    rng = sheet.rng
    h, w = sheet.page.shape
    count = int(rng.choice((1, 1, 2, 3, 5, 10, 30)))
    column, x = rng.random() < 0.3, rng.uniform(0.25, 0.75) * w
    pitch = sheet.unit * rng.uniform(1.5, 2.6)
    for at in range(count):
        kind = rng.random()
        trace = sheet.trace(_lone(sheet) if kind < 0.1 else _apart(sheet) if kind < 0.17 else None)
        if trace is None:
            continue
        scale = sheet.unit * float(np.exp(rng.normal(0, 0.03 if column else 0.15))) / trace.hand.height
        rows, columns = trace.field.shape
        scale = min(scale, SEEN * w / columns, SEEN * h / rows)
        if column:
            spot = (x + rng.normal(0, 0.1 * sheet.unit), pitch * (at + 0.7))
        else:
            half = np.array((columns, rows)) * scale / 2
            spot = tuple(rng.uniform(half, np.maximum((w, h) - half, half + 1)))
        if not sheet.put(trace, scale, *spot):
            continue
        if kind < 0.1 and rng.random() < 0.3:
            sheet.ring(*spot, columns * scale, rows * scale)
        if rng.random() < 0.08:
            scenery.field(sheet.page, *spot, columns * scale / 2, rows * scale / 2, rng)
        if rng.random() < 0.25:
            beside = sheet.unit * rng.uniform(0.2, 1.2) + columns * scale / 2
            sheet.word(spot[0] - beside if rng.random() < 0.7 else spot[0] + beside, spot[1], spot[0])


def text(sheet: Sheet) -> None:
    """Rows of words, with numbers among them or in a column at their end: a letter, an invoice, a receipt."""
    rng = sheet.rng
    h, w = sheet.page.shape
    unit = sheet.unit
    pitch, tall, often = unit * rng.uniform(1.3, 2.4), unit * rng.uniform(0.7, 1.2), rng.uniform(0, 0.3)
    start, right = rng.uniform(0, 0.15) * w, rng.uniform(0.75, 0.98) * w
    in_column = rng.random() < 0.5

    def long(trace: Trace) -> float:
        return float(trace.field.shape[1] * unit / trace.hand.height)

    for y in np.arange(rng.uniform(0.5, 1.5) * pitch, h, pitch):
        x = start
        end = rng.uniform(start, right)
        if in_column and rng.random() < 0.7 and (trace := sheet.trace()) is not None:
            wide = long(trace)
            if wide < right - start and sheet.put(trace, unit / trace.hand.height, right - wide / 2, y):
                end = min(end, right - wide)
        while x < end:
            trace = sheet.trace() if rng.random() < often else None
            if trace is None:
                x += sheet.word(x, y, tall=tall)
            else:
                sheet.put(trace, unit / trace.hand.height, x + long(trace) / 2, y)
                x += long(trace)
            x += unit * rng.uniform(0.3, 0.9)


def cells(sheet: Sheet) -> None:
    """A table, a sudoku, the cells of a comb or boxes, some of them empty."""
    rng = sheet.rng
    h, w = sheet.page.shape
    kind = rng.random()
    if kind < 0.25:
        _comb(sheet)
        return
    if kind < 0.45:
        side = min(h, w) * rng.uniform(0.8, 1.3) / 9
        columns, rows = (start + side * np.arange(10) for start in rng.uniform(0, 0.1, 2) * (w, h))
    else:
        tall = sheet.unit * rng.uniform(1.3, 2.6)
        wide = tall * rng.uniform(0.9, 4)
        shape = (int(rng.integers(2, 7)), int(rng.integers(2, 9)))
        columns, rows = (
            start + np.cumsum(np.concatenate([[0], pitch * rng.uniform(0.85, 1.15, count - 1)]))
            for start, pitch, count in zip(rng.uniform(-0.02, 0.15, 2) * (w, h), (wide, tall), shape, strict=True)
        )
    dark, sheet.dark = sheet.dark, float(rng.uniform(0.3, 0.95))
    scenery.table(sheet.page, columns, rows, rng)
    sheet.dark = dark
    full, fill = rng.uniform(0.2, 1), rng.uniform(0.4, 0.85)
    sudoku = len(columns) == 10
    sheet.unit = fill * float(np.diff(rows).mean())
    for x0, x1 in pairwise(columns):
        for y0, y1 in pairwise(rows):
            if x1 > w or y1 > h or rng.random() > full:
                continue
            trace = sheet.trace(_lone(sheet)[:1] if sudoku else None)
            if trace is None or (rng.random() < 0.08 and not sudoku):
                sheet.word((x0 + x1) / 2, (y0 + y1) / 2)
                continue
            size = trace.field.shape
            scale = min(fill * (y1 - y0) / trace.hand.height, 0.9 * (x1 - x0) / size[1], 1.1 * (y1 - y0) / size[0])
            away = rng.normal(0, 0.06, 2) * (x1 - x0, y1 - y0)
            sheet.put(trace, scale, (x0 + x1) / 2 + away[0], (y0 + y1) / 2 + away[1])


def _comb(sheet: Sheet) -> None:
    """One digit in each cell of a row, as forms want it; all of them are one number."""
    rng = sheet.rng
    h, w = sheet.page.shape
    count, space = int(rng.integers(2, 9)), rng.uniform(0.1, 0.7)
    trace = sheet.trace([Sign(str(rng.integers(10)), space if at else 0.0) for at in range(count)])
    if trace is None:
        return
    rows, columns = trace.field.shape
    scale = min(sheet.unit / trace.hand.height, 0.85 * w / columns, 0.6 * h / rows)
    sheet.unit = unit = scale * trace.hand.height
    half = np.array((columns, rows)) * scale / 2
    x, y = rng.uniform(half, np.maximum((w, h) - half, half + 1))
    left, up = x - half[0], y - half[1]
    cuts = [(one.right + other.x) / 2 * scale + left
            for one, other in zip(trace.boxes, trace.boxes[1:], strict=False)]  # fmt: skip
    room = unit * rng.uniform(0.05, 0.4)
    edges = np.array([left - room / 2, *cuts, left + 2 * half[0] + room / 2])
    low, high = up - room * rng.random(), up + 2 * half[1] + room
    broad, dark, low = rng.uniform(0.5, 2), rng.uniform(0.25, 0.95), high if rng.random() < 0.1 else low
    for edge in edges:
        scenery.line(sheet.page, (edge, low), (edge, high), broad, dark)
    for edge in (low, high) if rng.random() < 0.7 else (high,):
        scenery.line(sheet.page, (edges[0], edge), (edges[-1], edge), broad, dark)
    if rng.random() > 0.2:
        sheet.put(trace, scale, x, y)


def clutter(sheet: Sheet, empty: bool) -> None:
    """What is no number: words, signs, scribbles, drawings, rules, boxes, rings, holes, folds, shadows, edges."""
    rng, draw = sheet.rng, sheet.rng.random
    page, unit = sheet.page, sheet.unit
    h, w = page.shape
    more = 2.0 if empty else 1.0
    if draw() < 0.3 * more:
        for _ in range(int(rng.choice((1, 2, 6, 20)))):
            sheet.word(rng.uniform(-0.1, 0.95) * w, rng.uniform(0, 1) * h)
    if draw() < 0.12 * more:
        ink = blank(HEIGHT, sheet.papers, rng)
        scale = unit * rng.uniform(0.8, 2.5) / HEIGHT
        size = (max(3, round(ink.shape[1] * scale)), max(3, round(HEIGHT * scale)))
        scaled = cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        sheet.stamp((255 * scaled).astype(np.uint8), *(rng.uniform(-0.05, 0.9, 2) * (w, h)))
    if draw() < 0.15 * more:
        scenery.margin_rule(page, unit, rng)
    if draw() < 0.1 * more:
        y = rng.uniform(0.1, 0.95) * h
        ends = np.sort(rng.uniform(0, w, 2))
        scenery.line(page, (ends[0], y), (ends[1], y), rng.uniform(0.5, 2.5), rng.uniform(0.2, 0.95))
    if draw() < 0.06 * more:
        x0, y0 = rng.uniform(0, 0.8, 2) * (w, h)
        reach = unit * rng.uniform(1.2, 6, 2)
        scenery.box(page, x0, y0, x0 + reach[0], y0 + reach[1], rng)
    if draw() < 0.04 * more:
        reach = unit * rng.uniform(0.7, 4, 2)
        broad = max(0.6, unit * rng.uniform(0.03, 0.12))
        spot = rng.uniform(0.1, 0.9, 2) * (w, h)
        if not sheet.taken[int(spot[1]), int(spot[0])]:
            scenery.ring(page, (spot[0], spot[1]), (reach[0], reach[1]), broad, sheet.dark, rng)
    if draw() < 0.06 * more:
        scenery.holes(page, unit, rng)
    if draw() < 0.08:
        scenery.fold(page, rng)
    for _ in range(3):
        if draw() < 0.13:
            scenery.shadow(page, rng)


def _apart(sheet: Sheet) -> Line:
    """Digits with gaps between them, as in a form without lines."""
    rng = sheet.rng
    space = rng.uniform(0.2, 1.0)
    return [Sign(str(rng.integers(10)), space if at else 0.0) for at in range(int(rng.integers(2, 8)))]


def _lone(sheet: Sheet) -> Line:
    """A digit or two."""
    rng = sheet.rng
    return [Sign(str(rng.integers(10))) for _ in range(1 if rng.random() < 0.6 else 2)]
