"""Runs a job: batch after batch, each with its checkpoint, each proved before the next begins."""
