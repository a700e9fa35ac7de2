"""The commands of ``tillwatch sop``: procedures that people walk, questions for trouble, contacts and drills."""
