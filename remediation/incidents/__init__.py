"""Incidents: how they open, belong together, are taken on and end, and what is said of them afterwards; pure."""
