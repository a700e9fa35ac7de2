"""Finds the payments that a rolled-back release left wrong, lets people approve what puts them right, and does it."""
