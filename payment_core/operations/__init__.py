"""What every writing operation has in common: a call, one effect for each key, and refusals."""
