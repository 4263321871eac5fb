"""The network of a line of digits: its layers, its batches, its training."""
