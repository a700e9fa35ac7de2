"""The database: one writer thread with group commit, and readers on a connection of their own."""
