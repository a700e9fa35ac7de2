"""Payments and refunds: states, idempotency, the two transactions of each operation, and recovery."""
