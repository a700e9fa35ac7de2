"""Measurements, side by side with peers; each module prints one JSON object last on stdout."""
