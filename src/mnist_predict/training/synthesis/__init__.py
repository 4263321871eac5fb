"""Handwriting made by program: hands, pens, paper and cameras."""
