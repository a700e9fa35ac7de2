"""Gates of a stage: what was observed, what each says of it, and what all come to; pure."""
