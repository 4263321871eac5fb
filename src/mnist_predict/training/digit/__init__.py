"""The network of a single digit: its layers, its batches, its training."""
