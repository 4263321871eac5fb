"""A place to digits and marks: strips, the line network, CTC, and what is expected."""
