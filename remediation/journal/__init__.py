"""The journal: append-only, hash-chained, fsynced before the act, and the only truth about what was done."""
