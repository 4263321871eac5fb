"""Statistics: what is counted of the records that are kept, without ever reading all of them for a page."""
