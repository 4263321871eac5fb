"""Whether learning from corrections works, on real hands."""
