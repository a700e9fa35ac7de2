"""Providers, the bank accounts that money moves to and from, and the cases that people decide."""
