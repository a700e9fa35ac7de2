"""The commands about a payment core: serve it, and read its files."""
