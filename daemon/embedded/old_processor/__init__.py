"""The processor that is left, simulated: its published HTTP API over a small book, its events, and its export."""
