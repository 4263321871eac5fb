"""Statistics of the stored records, counted incrementally: no page reads all of them."""
