"""The archive of facts: what the daemon took over, as files that rules can be replayed on."""
