"""From the pieces of a file to the bytes of its records, one after another, with bounded memory."""
