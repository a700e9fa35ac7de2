"""Fraud at the till: the score of a request before it is authorized, and the screening of names."""
