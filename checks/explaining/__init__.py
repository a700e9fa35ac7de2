"""Says what a rule measures, how fast it sees a fault, and why it fires or does not."""
