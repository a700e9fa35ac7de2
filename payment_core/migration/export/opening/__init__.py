"""From a file of an export to its clear bytes, in pieces: as it lies there, or decrypted on the way."""
