"""From labels to a candidate: what people corrected is learned, measured, and proposed."""
