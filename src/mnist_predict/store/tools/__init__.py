"""What is done to a whole store: copy it, check it, export it."""
