"""The journal on the console: searched, shown entry by entry, and proved."""
