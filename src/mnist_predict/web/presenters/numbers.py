"""The numbers of a record, each with what people say of it; where they stand in rows and columns, as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mnist_predict.reading import Reading
from mnist_predict.store.record import Record, newest_of_each
from mnist_predict.vision.tell.table import cells, is_table

Sheet = list[list[int | None]]  # rows of cells: the index of a number, None where a cell is empty


def newest_of_numbers(record: Record, history: Sequence[Record]) -> dict[int, Record]:
    """By the index of a number: its newest label that counts."""
    if record.reading is None:
        return {}
    found = ((record.reading.primary if at is None else at, label) for at, label in newest_of_each(history).items())
    return {at: label for at, label in found if at is not None}


def corrected(reading: Reading, said: Mapping[int, Record]) -> Reading:
    """The reading with its numbers as people say that they are; where there is none, it is empty."""
    return replace(
        reading,
        numbers=tuple(
            replace(number, written=said[at].written) if at in said else number
            for at, number in enumerate(reading.numbers)
        ),
    )


def sheet_of(reading: Reading, said: Mapping[int, Record]) -> Sheet | None:
    """The table of a reading's numbers; None where they are no table."""
    whole = corrected(reading, said)
    index = {id(number): at for at, number in enumerate(whole.numbers)}
    rows = cells(whole)
    return [[index[id(cell)] if cell else None for cell in row] for row in rows] if is_table(rows) else None
