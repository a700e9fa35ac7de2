"""What changes at the processor after its export was made: its events, checked and turned into the same records."""
