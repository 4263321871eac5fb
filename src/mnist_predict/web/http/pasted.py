"""Many numbers at once: lines with an image name and a number, from a spreadsheet or a CSV file."""

import csv

from mnist_predict.errors import BadRequest
from mnist_predict.service import LONGEST_NAME
from mnist_predict.written import is_written

MOST_LINES = 1000
_SHOWN = 5  # mistakes named at once


def parse(text: str) -> list[tuple[str, str]]:
    """Image names and numbers, separated by tabs, semicolons or commas; the first line may be a header.

    Raises `BadRequest`, which names the lines that are wrong.
    """
    lines = text.removeprefix("\ufeff").strip().splitlines()  # a byte order mark, as Excel writes it
    if not lines:
        raise BadRequest("There are no lines. Write an image name and a number on each line, such as 7.png,7")
    if len(lines) > MOST_LINES:
        raise BadRequest(f"These are {len(lines)} lines. Send at most {MOST_LINES} at once.")
    separator = next((character for character in "\t;," if character in lines[0]), ",")
    pairs, mistakes = [], []
    for at, row in enumerate(csv.reader(lines, delimiter=separator), start=1):
        if not any(field.strip() for field in row):
            continue
        name, number = (row[0].strip(), row[1]) if len(row) == 2 else ("", "")
        if 0 < len(name) <= LONGEST_NAME and is_written(number):
            pairs.append((name, number))
        elif at > 1 or len(row) != 2 or any(c.isdigit() for c in number):
            mistakes.append(f"line {at} ({lines[at - 1][:60]})")
    if mistakes:
        more = f" and {len(mistakes) - _SHOWN} more" if len(mistakes) > _SHOWN else ""
        raise BadRequest(f"No image name and number: {', '.join(mistakes[:_SHOWN])}{more}. Nothing was recorded.")
    if not pairs:
        raise BadRequest("There is only a header. Write an image name and a number on each line, such as 7.png,7")
    return pairs
