"""Customers: who pays, as far as the marketplace told us."""
