"""The console: its page filled from the view, its live stream, and how people get in."""
