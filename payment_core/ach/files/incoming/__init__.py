"""What banks send back: acknowledgements, returns, notifications of change."""
