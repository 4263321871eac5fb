"""Shapes to write with: traced from pictures, drawn, of fonts and of displays; and which of them a hand uses."""
