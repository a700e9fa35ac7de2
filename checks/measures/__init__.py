"""How each measure turns facts into a verdict: one file per measure, and what they share."""
