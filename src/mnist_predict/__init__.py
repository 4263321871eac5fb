"""Reads handwritten numbers from pictures and keeps them."""
