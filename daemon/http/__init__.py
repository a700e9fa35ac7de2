"""The daemon's doors over HTTP: probes, metrics, read API, ingest and the console."""
