"""Records and figures as pages and documents show them."""
