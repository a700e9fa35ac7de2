"""The first transactions: what may be done is checked, scored and written before any rail is asked."""
