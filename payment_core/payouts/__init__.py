"""Payouts to providers: requested, checked, put into a file, settled or returned."""
