"""Escrow: captured money that waits for its conditions and then goes to payees or back, never both."""
