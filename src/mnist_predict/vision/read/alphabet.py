"""The classes of the line network: digits, the marks that stand in and beside numbers, and CTC's blank.

A label, and what a strip is read as, is a text over these symbols.
"""

DIGITS = "0123456789"
MARKS = ".,-/()=+x:%#"
CURRENCY = "¤"  # any currency sign
OTHER = "~"  # any other stroke: a letter, a tick, a rule, a part of a ring or a frame
STRUCK = "s"  # a digit that is struck out
SYMBOLS = DIGITS + MARKS + CURRENCY + OTHER + STRUCK
BLANK = len(SYMBOLS)  # no symbol begins here (A. Graves et al. 2006)
CLASSES = BLANK + 1

INDEX = {symbol: index for index, symbol in enumerate(SYMBOLS)}
