"""Tells the outside: proposes words and letters, has people approve them, and hands letters over once."""
