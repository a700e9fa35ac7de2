"""The product that is watched: payments, the double-entry ledger and the events about them."""
