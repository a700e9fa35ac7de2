"""What the outside is told: the status page, and what is written to customers and providers."""
