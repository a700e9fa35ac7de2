"""Probes that touch the world and yield facts."""
