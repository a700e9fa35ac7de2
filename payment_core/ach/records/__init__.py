"""One module for each record of a NACHA file: its fields, and its layout in 94 characters."""
