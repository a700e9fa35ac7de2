"""Decides what to do about a finding, does it once, and writes both into the journal."""
