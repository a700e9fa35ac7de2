"""Recorded load played against what would have been decided: throttled seconds, dollars, and a trace to draw; pure."""
