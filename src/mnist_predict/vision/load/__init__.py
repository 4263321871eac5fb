"""Bytes to a picture: upright RGB pixels of each page, decoded in processes that may die."""
