"""Recorded facts played to rules again, in their own time."""
