"""The doors through which something comes in: people's changes, and events."""
