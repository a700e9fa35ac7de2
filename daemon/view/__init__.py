"""The read side: what the daemon knows right now, as the API, the console and the metrics read it."""
