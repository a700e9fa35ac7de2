"""Puts the payment core together: which part is given which."""
