"""Rollbacks that people ask for: what each step does here, and the desk where they are asked for."""
