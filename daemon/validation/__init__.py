"""Validation after a deployment: each area is a list of lines that hold or do not."""
