"""What people and programs type, taken in within bounds: there is no other way for a number to come in."""

MOST_DIGITS = 100  # of a number that is read or kept


def is_number(text: str) -> bool:
    """Whether it is a number as they are kept: 1 to 100 of the digits 0 to 9."""
    return 0 < len(text) <= MOST_DIGITS and text.isascii() and text.isdecimal()


def whole(text: str, least: int, most: int) -> int | None:
    """A whole number from `least` to `most`; None for anything else."""
    if not is_number(text):  # bounded: Python raises `ValueError` past 4300 digits
        return None
    number = int(text)
    return number if least <= number <= most else None
