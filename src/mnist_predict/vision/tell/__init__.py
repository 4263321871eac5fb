"""What was read to what people are told: numbers as written, confidence, advice, tables, drawings."""
