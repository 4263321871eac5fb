"""Training, measuring and exporting; imported by the command line alone, lazily (serving never imports torch)."""
