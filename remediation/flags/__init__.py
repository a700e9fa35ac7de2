"""Flags as the journal has them: what each serves from when on, who wanted it, and the document that says so."""
