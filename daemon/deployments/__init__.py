"""Deployments as the daemon runs them: what looks, what acts, and what people may ask for."""
