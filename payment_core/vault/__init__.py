"""Keeps card and bank account numbers sealed, and hands out tokens in their place."""
