"""Entries into files, each once, and files to the bank."""
