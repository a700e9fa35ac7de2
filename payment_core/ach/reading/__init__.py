"""From bytes to a file, and what it tells us."""
