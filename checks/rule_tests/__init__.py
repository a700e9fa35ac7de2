"""Tests of rules: facts from a compact notation, played to an engine, and its answers held against expectations."""
