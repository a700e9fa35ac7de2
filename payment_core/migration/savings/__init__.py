"""What leaving the processor saves: what it really charged, against what the same payments cost here."""
