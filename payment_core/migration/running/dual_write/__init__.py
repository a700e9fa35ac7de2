"""Dual write: what changes here is noted with the change, and told to the old processor until it has it."""
