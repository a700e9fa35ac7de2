"""Journal entries, numbers and reasons as sentences for people."""
