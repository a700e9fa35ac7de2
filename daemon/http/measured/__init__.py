"""The metrics of single parts, each read at scrape; `daemon/http/metrics.py` puts them together."""
