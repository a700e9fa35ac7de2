"""ACH entries, the files that carry them, and what banks answer to them."""
