"""Where facts come from: queues and the ingest door."""
