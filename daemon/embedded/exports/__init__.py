"""Exports of an invented processor's account, of any size, with the dirt that real ones have and the truth beside."""
