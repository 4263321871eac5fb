"""What browsers keep: files, who signed in, and what was done until the next page tells it."""
