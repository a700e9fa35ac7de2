"""The job ``transaction-history``: what was, to the field, and posted to accounts of its own."""
