"""What the daemon sees by itself, and what it does so that others know that it works."""
