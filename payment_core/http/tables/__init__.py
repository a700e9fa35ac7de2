"""The route tables, one for each domain."""
