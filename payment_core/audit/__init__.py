"""Proves that nobody changed the audit trail, the documents or the journals behind our back."""
