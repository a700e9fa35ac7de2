"""Both sides of what was moved, worked out apart from each other and compared."""
