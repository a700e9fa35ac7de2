"""Self-checks: each does a small part of the real work and says how it went; nothing of it is kept."""
