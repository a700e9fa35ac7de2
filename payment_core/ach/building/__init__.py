"""From what callers say to a file and its bytes."""
