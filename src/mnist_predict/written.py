"""Numbers as people write them: the one place that says what a person may type where a number is asked for."""

import re
from decimal import Decimal

from mnist_predict.errors import BadRequest
from mnist_predict.reading import digits_of
from mnist_predict.typed import MOST_DIGITS

PATTERN = "-?[0-9]+([.,][0-9]+)*"
FORM_PATTERN = r"\s*-?\s*[0-9][0-9\s]*([.,]\s*[0-9][0-9\s]*)*"  # the same in a field of a form, spaces left in
_SHOWN = 60  # characters of what is refused


def is_written(typed: str) -> bool:
    """Whether that is a number as people write it; spaces do not matter."""
    written = "".join(typed.split())
    return re.fullmatch(PATTERN, written) is not None and len(digits_of(written)) <= MOST_DIGITS


def as_written(typed: str) -> str:
    """The number that a person typed, without spaces: "4072", "-12", "3.65", "23.418", "1,250.00".

    Raises `BadRequest` for what is no number.
    """
    if not is_written(typed):
        shown = typed if len(typed) <= _SHOWN else f"{typed[:_SHOWN]}..."
        raise BadRequest(
            f"Write a number in up to {MOST_DIGITS} digits 0 to 9, as in 4072, 3.65, 1,250.00 or -12, not as {shown!r}."
        )
    return "".join(typed.split())


def value_of(written: str) -> Decimal:
    """How large a written number is, to put numbers in order.

    The last point or comma begins the decimals, unless it parts thousands: "3.65" and "1,250.00" have decimals,
    "23.418" and "1.250.000" have none. Anything else, such as a date, counts as its digits.
    """
    parts, marks = re.split("[.,]", written.removeprefix("-")), re.findall("[.,]", written)
    if not marks or marks[-1] in marks[:-1] or re.fullmatch("-?[1-9][0-9]{0,2}[.,][0-9]{3}", written):
        whole, decimals = written, ""
    else:
        whole, decimals = "".join(parts[:-1]), parts[-1]
    value = Decimal(f"{digits_of(whole) or 0}.{digits_of(decimals)}")
    return -value if written.startswith("-") else value


def agrees(label: str, number: str, written: str) -> bool:
    """Whether a number, and how it was read as it is written, is what a label says.

    A label of digits alone says nothing of marks.
    """
    return written == label if label != digits_of(label) else number == label
