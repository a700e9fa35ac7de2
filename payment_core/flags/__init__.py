"""Flags: documents in flagd's format, compiled, kept and listened for, and what this code asks them."""
