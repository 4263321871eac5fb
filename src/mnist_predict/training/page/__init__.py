"""The network that finds lines of digits on a page: its layers, its batches, its training."""
