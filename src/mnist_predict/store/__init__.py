"""Where records and pictures are kept for good: one protocol, two stores, and a spool for when one is away."""
