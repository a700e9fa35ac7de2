"""Moves what the replaced processor held into the payment core, with proof, while both run."""
