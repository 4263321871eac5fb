"""Bytes to a reading: `load` decodes, `find` finds lines, `read` reads them, `tell` says what they mean, how surely."""
