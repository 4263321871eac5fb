"""Numbers in rows and columns -> a table: for sheets of numbers.

Columns are cut where fewest numbers are cut, as often
as it takes until no row has two numbers in one column, and wherever a gap goes through all rows.
"""

import csv
from collections.abc import Sequence
from io import StringIO
from itertools import pairwise

from mnist_predict.reading import Number, Reading
from mnist_predict.vision.tell.rows import in_rows

GAP = 0.5  # a gap through all rows, times the height of numbers, that parts columns


def table(reading: Reading) -> list[list[str]]:
    """Rows of cells, page after page, as many in each; a cell without a number is empty."""
    return [[number.written if number else "" for number in row] for row in cells(reading)]


def cells(reading: Reading) -> list[list[Number | None]]:
    """The same with the numbers themselves."""
    out: list[list[Number | None]] = []
    for page in sorted({number.page for number in reading.numbers}):
        rows = in_rows([number for number in reading.numbers if number.page == page], lambda number: number.box)
        columns = _columns(rows)
        of = {id(number): at for at, column in enumerate(columns) for number in column}
        for row in rows:
            line: list[Number | None] = [None] * len(columns)
            for number in row:
                line[of[id(number)]] = number
            out.append(line)
    width = max(map(len, out), default=0)
    return [[*line, *[None] * (width - len(line))] for line in out]


def is_table(rows: Sequence[Sequence[object]]) -> bool:
    """Whether there are several rows and several columns."""
    return len(rows) > 1 and len(rows[0]) > 1


def as_csv(reading: Reading) -> bytes:
    """The table as a CSV file (RFC 4180), which spreadsheets open."""
    out = StringIO()
    csv.writer(out).writerows(table(reading))
    return out.getvalue().encode()


def _columns(rows: list[list[Number]]) -> list[list[Number]]:
    """From left to right."""
    numbers = sorted((number for row in rows for number in row), key=lambda number: number.box.center_x)
    cut = _cut(rows, numbers)
    if cut is None:
        return [numbers]
    sides = [[[n for n in row if (n.box.center_x < cut) == left] for row in rows] for left in (True, False)]
    return [column for side in sides for column in _columns([row for row in side if row])]


def _cut(rows: list[list[Number]], numbers: list[Number]) -> float | None:
    """Where to part columns: through fewest numbers, of those in the widest gap; None: it is one column."""
    neighbours = [(left.box, right.box) for row in rows for left, right in pairwise(row)]
    if neighbours:
        edges = {edge for number in numbers for edge in (number.box.x, number.box.right)}
        spans: list[tuple[float, float]] = []
        for left, right in neighbours:
            if left.right < right.x:
                spans += pairwise(sorted(edge for edge in edges if left.right <= edge <= right.x))
            else:  # they touch or overlap: between their middles
                spans.append((left.center_x, right.center_x))
        return min((_crossed((a + b) / 2, numbers), a - b, (a + b) / 2) for a, b in spans)[2]
    end = numbers[0].box.right
    for number in sorted(numbers, key=lambda one: one.box.x):
        if number.box.x - end > GAP * number.box.h:
            return (end + number.box.x) / 2
        end = max(end, number.box.right)
    return None


def _crossed(cut: float, numbers: list[Number]) -> int:
    return sum(number.box.x < cut < number.box.right for number in numbers)
