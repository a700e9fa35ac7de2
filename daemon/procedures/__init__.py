"""Procedures that people walk, as the daemon keeps them: what is recorded, who may, and which there are."""
