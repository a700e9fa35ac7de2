"""Rules over one and the same window: selected, counted once and judged together."""
