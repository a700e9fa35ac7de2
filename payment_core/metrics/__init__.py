"""What a process counts, and its counts as Prometheus metrics."""
