"""Outgoing webhooks: events of the outbox, signed, delivered at least once to addresses that may be called."""
