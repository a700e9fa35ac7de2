"""What is kept of facts over sliding stretches of event time, one shape of state a file."""
