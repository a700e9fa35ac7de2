"""The payment store on SQLite: one writer thread with group commit, and readers of their own."""
