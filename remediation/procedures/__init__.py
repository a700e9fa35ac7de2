"""Runs of procedures as folds over the journal, and what comes next in one."""
